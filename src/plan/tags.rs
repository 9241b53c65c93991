//! Tags: what a resource should carry. Other people's tags are left alone.

use serde_json::Value;

use crate::model::endpoint::{OWNER_TAG, Tags};
use crate::plan::action::Drift;
use crate::plan::draft::Refusal;
use crate::plan::service::Wanted;
use crate::plan::target::Site;

/// Tags per resource, and characters of a key and a value
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions>).
const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;

/// Tags of an endpoint. What is said of this endpoint alone beats the name template, which beats what
/// is said of all; the ownership tag beats everything.
pub(super) fn of_endpoint(site: &Site, wanted: &Wanted) -> Tags {
    let mut tags = site.settings.tags.clone();
    let common = site.settings.name_tag.as_ref();
    if let Some(template) = wanted.spec.name.as_ref().or(common.map(|tag| &tag.template)) {
        let key = common.map_or("Name", |tag| tag.key.as_str());
        tags.insert(key.to_owned(), filled(template, site, wanted));
    }
    tags.extend(wanted.spec.tags.clone());
    tags.insert(OWNER_TAG.to_owned(), site.settings.deployment.clone());
    tags
}

/// Tags of the deployment's security group, which is named after itself.
pub(super) fn of_group(site: &Site) -> Tags {
    let mut tags = site.settings.tags.clone();
    if let Some(name_tag) = &site.settings.name_tag {
        tags.insert(name_tag.key.clone(), site.settings.security_group.name.clone());
    }
    tags.insert(OWNER_TAG.to_owned(), site.settings.deployment.clone());
    tags
}

fn filled(template: &str, site: &Site, wanted: &Wanted) -> String {
    let mut name = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let (before, tail) = rest.split_at(open);
        name.push_str(before);
        let kind = wanted.offer.kind.to_string();
        let known = [
            ("{service}", wanted.short),
            ("{type}", kind.as_str()),
            ("{region}", site.target.region.as_str()),
            ("{account}", site.target.account.as_str()),
            ("{vpc}", site.vpc.id.as_str()),
            ("{deployment}", site.settings.deployment.as_str()),
        ];
        // A brace that opens no known word stands for itself.
        let (word, value) =
            known.into_iter().find(|(word, _)| tail.starts_with(word)).unwrap_or(("{", "{"));
        name.push_str(value);
        rest = &tail[word.len()..];
    }
    name + rest
}

/// Whether AWS would take `desired` on top of the tags that are there.
pub(super) fn acceptable(desired: &Tags, there: Option<&Tags>) -> Result<(), Refusal> {
    // Tags of AWS's own do not count.
    let ours = desired.keys().chain(there.into_iter().flat_map(Tags::keys));
    let mut keys: Vec<_> = ours.filter(|key| !key.starts_with("aws:")).collect();
    keys.sort();
    keys.dedup();
    if keys.len() > MAX_TAGS {
        let count = keys.len();
        return Err(Refusal::new(
            "too-many-tags",
            format!("it would have {count} tags and AWS allows {MAX_TAGS}"),
        ));
    }
    let long = |(key, value): &(&String, &String)| {
        key.chars().count() > MAX_KEY || value.chars().count() > MAX_VALUE
    };
    match desired.iter().find(long) {
        None => Ok(()),
        Some((key, _)) => Err(Refusal::new(
            "tag-too-long",
            format!(
                "the tag `{key}` is too long: AWS allows {MAX_KEY} characters in a key and {MAX_VALUE} in a value"
            ),
        )),
    }
}

/// Tags to set, with their drift.
pub(super) fn missing(desired: &Tags, there: &Tags) -> (Tags, Vec<Drift>) {
    let set: Tags = desired
        .iter()
        .filter(|(key, value)| there.get(*key) != Some(*value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let drift = set
        .iter()
        .map(|(key, value)| Drift {
            field: format!("tags.{key}"),
            was: there.get(key).map_or(Value::Null, |was| was.as_str().into()),
            should_be: value.as_str().into(),
        })
        .collect();
    (set, drift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::spec::NameTag;
    use crate::plan::action::Verb;
    use crate::plan::testing::{World, check_blocked, world};

    fn tags(world: &World) -> Tags {
        let plan = world.plan();
        let made = plan.actions.into_iter().find_map(|action| match action.verb {
            Verb::CreateEndpoint(made) => Some(made.tags),
            _ => None,
        });
        made.unwrap()
    }

    #[test]
    fn every_word_of_a_template_is_filled_in() {
        let world = world().want(["ecr.api"]).but(|w| {
            w.settings.name_tag = Some(NameTag {
                key: "Label".into(),
                template: "{deployment}/{account}/{region}/{vpc}/{service}-{type} {other} {".into(),
            });
        });
        assert_eq!(
            tags(&world)["Label"],
            "privatelink/111122223333/eu-west-1/vpc-1/ecr.api-interface {other} {"
        );
    }

    #[test]
    fn the_nearer_word_wins_and_ownership_beats_all() {
        let world = world().want_with("logs", |spec| {
            spec.tags = [("team", "net"), (OWNER_TAG, "thief")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into();
        });
        let world = world.but(|w| {
            w.settings.tags.insert("team".into(), "platform".into());
            w.settings.tags.insert("Name".into(), "general".into());
        });
        let tags = tags(&world);
        assert_eq!(tags["team"], "net");
        assert_eq!(tags["Name"], "logs-endpoint");
        assert_eq!(tags[OWNER_TAG], "privatelink");
    }

    #[test]
    fn an_endpoints_own_name_needs_no_common_template() {
        let own = world().want_with("logs", |spec| spec.name = Some("my-{service}".into()));
        assert_eq!(tags(&own.but(|w| w.settings.name_tag = None))["Name"], "my-logs");
        assert!(
            !tags(&world().want(["logs"]).but(|w| w.settings.name_tag = None)).contains_key("Name")
        );
    }

    #[test]
    fn tags_aws_would_refuse_are_blocked() {
        let many = |n: usize| (0..n).map(|n| (format!("key{n}"), "value".to_owned()));
        check_blocked([
            (
                "too-many-tags",
                world().want_with("logs", |spec| spec.tags = many(49).collect()),
                "51 tags and AWS allows 50",
            ),
            (
                "too-many-tags",
                world().want(["logs"]).applied().but(|w| w.endpoint("logs").tags.extend(many(49))),
                "51 tags",
            ),
            (
                "tag-too-long",
                world().want_with("logs", |spec| spec.name = Some("x".repeat(257))),
                "`Name` is too long",
            ),
        ]);
        let aws = (0..60).map(|n| (format!("aws:{n}"), String::new()));
        let world = world().want(["logs"]).applied().but(|w| w.endpoint("logs").tags.extend(aws));
        assert!(world.plan().is_in_sync());
    }
}
