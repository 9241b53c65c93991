//! SNS (API 2010-03-31): `Publish` and `CreateTopic`.

use std::collections::BTreeMap;

use super::auth::Principal;
use super::auth::permission;
use super::dice::Dice;
use super::wire::params::Params;
use super::wire::protocol::Service;
use super::wire::refusal::Refusal;
use super::wire::xml::Xml;
use super::world::World;
use super::world::topic::{self, Published, Topic};

/// The largest message, in bytes.
const MESSAGE: usize = 256 << 10;

/// One SNS call.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) principal: &'a Principal,
    pub(crate) region: &'a str,
    pub(crate) params: &'a Params,
}

/// An action.
pub(crate) type Action = fn(&mut Call) -> Result<Xml, Refusal>;

/// The action with this name, if the sandbox knows it.
pub(crate) fn action(name: &str) -> Option<Action> {
    match name {
        "CreateTopic" => Some(create_topic),
        "Publish" => Some(publish),
        _ => None,
    }
}

fn create_topic(call: &mut Call) -> Result<Xml, Refusal> {
    let name = call.need("Name")?;
    call.params.finish()?;
    if !topic::is_name(&name) {
        return Err(invalid("Topic Name"));
    }
    let arn = format!("arn:aws:sns:{}:{}:{name}", call.region, call.principal.account);
    call.permit("CreateTopic", &arn)?;
    call.world.topics.entry(arn.clone()).or_default();
    let mut xml = Xml::new();
    xml.leaf("TopicArn", arn);
    Ok(xml)
}

fn publish(call: &mut Call) -> Result<Xml, Refusal> {
    let arn = call.need("TopicArn")?;
    let subject = call.params.text("Subject");
    let message = call.params.text("Message").ok_or_else(|| invalid("Empty message"))?;
    let attributes = call.attributes()?;
    call.params.finish()?;
    if message.len() > MESSAGE {
        return Err(invalid("Message too long"));
    }
    if subject.as_ref().is_some_and(|subject| !is_subject(subject)) {
        return Err(invalid("Subject"));
    }
    let (account, region) = topic::place_of(&arn).ok_or_else(|| {
        let count = arn.split(':').count();
        let why = format!("TopicArn Reason: An ARN must have at least 6 elements, not {count}");
        invalid(if count < 6 { &why } else { "TopicArn" })
    })?;
    if region != call.region {
        return Err(invalid("TopicArn"));
    }
    call.permit("Publish", &arn)?;
    if account != call.principal.account {
        let why = "because no resource-based policy allows the SNS:Publish action";
        let text = permission::text(call.principal, "SNS:Publish", Some(&arn), why);
        return Err(Refusal::new("AuthorizationError", text));
    }
    let serial = call.world.next_serial().to_string();
    let id = Dice::new(call.world.seed, &["message", &serial]).uuid();
    let topic = call.world.topics.get_mut(&arn);
    let topic: &mut Topic =
        topic.ok_or_else(|| Refusal::new("NotFound", "Topic does not exist"))?;
    topic.keep(Published { id: id.clone(), subject, message, attributes });
    let mut xml = Xml::new();
    xml.leaf("MessageId", id);
    Ok(xml)
}

impl Call<'_> {
    fn attributes(&self) -> Result<BTreeMap<String, String>, Refusal> {
        let mut attributes = BTreeMap::new();
        for prefix in self.params.structures("MessageAttributes.entry") {
            let name = self.need(&format!("{prefix}.Name"))?;
            let kind = self.need(&format!("{prefix}.Value.DataType"))?;
            if !["String", "Number", "String.Array"].contains(&kind.as_str()) {
                let why = format!(
                    "The message attribute '{name}' has an invalid message attribute type, the set of supported \
                     type prefixes is Binary, Number, and String."
                );
                return Err(Refusal::new("ParameterValueInvalid", why));
            }
            attributes.insert(name, self.need(&format!("{prefix}.Value.StringValue"))?);
        }
        Ok(attributes)
    }

    fn need(&self, name: &str) -> Result<String, Refusal> {
        self.params.text(name).ok_or_else(|| invalid(name))
    }

    fn permit(&self, action: &str, arn: &str) -> Result<(), Refusal> {
        let (world, principal) = (&*self.world, self.principal);
        permission::check(world, principal, Service::Sns, action, self.region, Some(arn))
    }
}

fn invalid(what: &str) -> Refusal {
    Refusal::new("InvalidParameter", format!("Invalid parameter: {what}"))
}

/// "Subjects must be UTF-8 text with no line breaks or control characters, and less than 100 characters long."
fn is_subject(text: &str) -> bool {
    text.chars().count() <= 100 && !text.chars().any(char::is_control)
}
