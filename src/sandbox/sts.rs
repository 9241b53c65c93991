//! STS: `GetCallerIdentity` and `AssumeRole` (AWS STS API reference, 2011-06-15).

use std::collections::BTreeMap;

use super::auth::document::{Asked, Document, Keys, Verdict, judge};
use serde::Deserialize;

use super::auth::session::Session;
use super::auth::{Principal, permission};
use super::clock::{Now, iso};
use super::dice::Dice;
use super::wire::params::Params;
use super::wire::protocol::Service;
use super::wire::refusal::Refusal;
use super::wire::xml::Xml;
use super::world::World;
use super::world::account::Role;

/// The longest session by role chaining, in seconds.
const CHAINED: u32 = 3600;

/// `GetCallerIdentity`.
pub(crate) fn identity(principal: &Principal, params: &Params) -> Result<Xml, Refusal> {
    params.finish()?;
    let id = match &principal.session {
        None => format!("AIDASANDBOX{}", unique(&principal.account, "operator", 9)),
        Some(session) => format!("{}:{}", role_id(&principal.account, &session.role), session.name),
    };
    let mut xml = Xml::new();
    xml.leaf("Arn", principal.arn()).leaf("UserId", id).leaf("Account", &principal.account);
    Ok(xml)
}

fn role_id(account: &str, role: &str) -> String {
    format!("AROASANDBOX{}", unique(account, role, 9))
}

fn unique(account: &str, name: &str, count: usize) -> String {
    Dice::new(0, &["unique id", account, name]).text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", count)
}

/// What `AssumeRole` asks for.
struct Wanted {
    arn: String,
    account: String,
    role: String,
    name: String,
    external_id: Option<String>,
    /// Actions that the session policy allows, where there is one.
    only: Option<Vec<String>>,
    seconds: Option<u32>,
    source_identity: Option<String>,
    tags: BTreeMap<String, String>,
    transitive: Vec<String>,
}

/// `AssumeRole`.
pub(crate) fn assume(
    world: &mut World,
    principal: &Principal,
    region: &str,
    now: Now,
    params: &Params,
) -> Result<Xml, Refusal> {
    let wanted = read(params)?;
    params.finish()?;
    let keys = wanted.keys();
    for action in wanted.actions(principal) {
        let (world, arn) = (&*world, Some(wanted.arn.as_str()));
        // That tags and an identity may go along is for the role to say, unless policies speak of it.
        if action == "AssumeRole" || !permission::documents(world, principal).is_empty() {
            permission::check_with(world, principal, Service::Sts, action, region, arn, &keys)?;
        }
    }
    let denied = |action: &str| {
        let text = format!(
            "User: {} is not authorized to perform: {action} on resource: {}",
            principal.arn(),
            wanted.arn
        );
        Refusal::new("AccessDenied", text)
    };
    // A missing role, a trust that refuses and a closed account get the very same answer.
    let account = world.accounts.get(&wanted.account).filter(|account| account.works());
    let role = account.and_then(|account| account.roles.get(&wanted.role));
    let role = role.filter(|role| wanted.arn.ends_with(&full_name(role, &wanted.role)));
    let role = role.ok_or_else(|| denied("sts:AssumeRole"))?;
    let refused = match &role.trust_policy {
        None => refused(role, &wanted, principal),
        Some(trust) => refused_by(trust, &wanted, (world, principal, region), &keys),
    };
    if let Some(action) = refused {
        return Err(denied(action));
    }
    let seconds = duration(&wanted, role, principal)?;
    let serial = world.next_serial();
    let mut session = Session {
        serial,
        key: Session::new_key(world.seed, serial),
        account: wanted.account.clone(),
        role: wanted.role.clone(),
        name: wanted.name.clone(),
        issued: now.wall,
        expires: now.wall + i64::from(seconds) * 1000,
        tags: wanted.tags.clone(),
        transitive: wanted.transitive.clone(),
        source_identity: wanted.source_identity.clone(),
        only: wanted.only.clone(),
    };
    inherit(&mut session, principal);
    Ok(answer(&session))
}

/// Transitive tags and the source identity go from session to session.
fn inherit(session: &mut Session, principal: &Principal) {
    let Some(parent) = &principal.session else {
        return;
    };
    for key in &parent.transitive {
        if let Some(value) = parent.tags.get(key) {
            session.tags.insert(key.clone(), value.clone());
            session.transitive.push(key.clone());
        }
    }
    if parent.source_identity.is_some() {
        session.source_identity.clone_from(&parent.source_identity);
    }
}

fn full_name(role: &Role, name: &str) -> String {
    format!(":role{}{name}", role.path)
}

/// What of the call the role does not let the caller do.
fn refused(role: &Role, wanted: &Wanted, principal: &Principal) -> Option<&'static str> {
    let other_id = role.external_id.is_some() && role.external_id != wanted.external_id;
    if !trusts(role, principal) || other_id {
        return Some("sts:AssumeRole");
    }
    if !wanted.tags.is_empty() && !role.tag_session {
        return Some("sts:TagSession");
    }
    let identity = wanted.source_identity.is_some() && !role.source_identity;
    identity.then_some("sts:SetSourceIdentity")
}

/// The same where the trust policy is a document.
fn refused_by(
    trust: &Document,
    wanted: &Wanted,
    (world, principal, region): (&World, &Principal, &str),
    keys: &Keys,
) -> Option<&'static str> {
    let mut keys = keys.clone();
    keys.extend(permission::global_keys(world, principal, region, &wanted.arn));
    let account = &principal.account;
    let names = [
        account.clone(),
        format!("arn:aws:iam::{account}:root"),
        principal.arn(),
        principal.role_arn(world),
    ];
    wanted.actions(principal).into_iter().find_map(|action| {
        let action = match action {
            "TagSession" => "sts:TagSession",
            "SetSourceIdentity" => "sts:SetSourceIdentity",
            _ => "sts:AssumeRole",
        };
        let resource = wanted.arn.as_str();
        let asked = Asked { action, resource, keys: &keys, names: &names };
        (judge(std::slice::from_ref(trust), &asked) != Verdict::Allowed).then_some(action)
    })
}

impl Wanted {
    /// The actions that the call is: tags of a session, its own and those it inherits, and a source identity
    /// are each one more.
    fn actions(&self, principal: &Principal) -> Vec<&'static str> {
        let parent = principal.session.as_ref();
        let tags = !self.tags.is_empty() || parent.is_some_and(|it| !it.transitive.is_empty());
        let identity =
            self.source_identity.is_some() || parent.is_some_and(|it| it.source_identity.is_some());
        let more = [(tags, "TagSession"), (identity, "SetSourceIdentity")];
        let more = more.into_iter().filter_map(|(there, action)| there.then_some(action));
        ["AssumeRole"].into_iter().chain(more).collect()
    }

    /// The condition keys of the call.
    fn keys(&self) -> Keys {
        let mut keys = Keys::new();
        let mut set = |key: &str, value: Option<&String>| {
            if let Some(value) = value {
                keys.insert(key.to_owned(), vec![value.clone()]);
            }
        };
        set("sts:externalid", self.external_id.as_ref());
        set("sts:rolesessionname", Some(&self.name));
        set("sts:sourceidentity", self.source_identity.as_ref());
        for (key, value) in &self.tags {
            set(&format!("aws:requesttag/{}", key.to_ascii_lowercase()), Some(value));
        }
        if !self.tags.is_empty() {
            keys.insert("aws:tagkeys".to_owned(), self.tags.keys().cloned().collect());
        }
        keys
    }
}

fn trusts(role: &Role, principal: &Principal) -> bool {
    let account = &principal.account;
    let by_role = principal.session.as_ref().map(|session| session.role.as_str());
    role.trusts.iter().any(|trusted| {
        trusted == "*"
            || trusted == account
            || *trusted == format!("arn:aws:iam::{account}:root")
            || *trusted == principal.arn()
            || by_role.is_some_and(|role| {
                trusted.starts_with(&format!("arn:aws:iam::{account}:role/"))
                    && trusted.rsplit('/').next() == Some(role)
            })
    })
}

/// The actions that an inline session policy allows; one that says more than that is not understood here.
fn session_policy(text: &str) -> Result<Vec<String>, Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Policy {
        #[serde(rename = "Version")]
        _version: String,
        statement: [Statement; 1],
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Statement {
        effect: String,
        action: Vec<String>,
        resource: String,
    }
    let policy: Policy = serde_json::from_str(text).map_err(|error| {
        Refusal::new("MalformedPolicyDocument", format!("This policy is not understood: {error}"))
            .unknown()
    })?;
    let [Statement { effect, action, resource }] = policy.statement;
    if effect == "Allow" && resource == "*" {
        return Ok(action);
    }
    Err(Refusal::new("MalformedPolicyDocument", "This policy is not understood").unknown())
}

fn duration(wanted: &Wanted, role: &Role, principal: &Principal) -> Result<u32, Refusal> {
    let chained = principal.session.is_some();
    let seconds = wanted.seconds.unwrap_or(CHAINED);
    if chained && seconds > CHAINED {
        return Err(invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        ));
    }
    if seconds > role.max_session {
        return Err(invalid(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(seconds)
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationError", message)
}

/// The words for a value that breaks a constraint of the API model.
fn constraint(member: &str, value: &str, rule: &str) -> Refusal {
    invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"
    ))
}

fn read(params: &Params) -> Result<Wanted, Refusal> {
    let need = |name: &str, member: &str| {
        params.text(name).ok_or_else(|| {
            invalid(format!(
                "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
            ))
        })
    };
    let arn = need("RoleArn", "roleArn")?;
    let name = need("RoleSessionName", "roleSessionName")?;
    matches("roleSessionName", &name, 2..=64, "+=,.@-_")?;
    let (account, role) = parse_arn(&arn).ok_or_else(|| invalid(format!("{arn} is invalid")))?;
    let seconds: Option<u32> = params.number("DurationSeconds")?;
    match seconds {
        Some(low @ ..900) => {
            let limit = "have value greater than or equal to 900";
            return Err(constraint("durationSeconds", &low.to_string(), limit));
        }
        Some(high @ 43_201..) => {
            let limit = "have value less than or equal to 43200";
            return Err(constraint("durationSeconds", &high.to_string(), limit));
        }
        _ => (),
    }
    let external_id = params.text("ExternalId");
    if let Some(id) = &external_id {
        matches("externalId", id, 2..=1224, "+=,.@:/-_")?;
    }
    let only = params.text("Policy").map(|text| session_policy(&text)).transpose()?;
    let source_identity = params.text("SourceIdentity");
    if let Some(id) = &source_identity {
        matches("sourceIdentity", id, 2..=64, "+=,.@-_")?;
    }
    let mut tags = BTreeMap::new();
    for prefix in params.structures("Tags.member") {
        let value = params.text(&format!("{prefix}.Value")).unwrap_or_default();
        tags.insert(params.need(&format!("{prefix}.Key"))?, value);
    }
    if tags.len() > 50 {
        return Err(constraint("tags", "", "have length less than or equal to 50"));
    }
    let transitive = params.list("TransitiveTagKeys.member");
    Ok(Wanted {
        arn,
        account,
        role,
        name,
        external_id,
        only,
        seconds,
        source_identity,
        tags,
        transitive,
    })
}

fn matches(
    member: &str,
    value: &str,
    length: std::ops::RangeInclusive<usize>,
    marks: &str,
) -> Result<(), Refusal> {
    let fine = |letter: char| letter.is_ascii_alphanumeric() || marks.contains(letter);
    if length.contains(&value.len()) && value.chars().all(fine) {
        return Ok(());
    }
    let pattern =
        format!("satisfy regular expression pattern: [\\w{}]*", marks.trim_end_matches('_'));
    Err(constraint(member, value, &pattern))
}

/// `arn:aws:iam::123456789012:role/path/name`.
fn parse_arn(arn: &str) -> Option<(String, String)> {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    let ["arn", _, "iam", "", account, resource] = parts[..] else {
        return None;
    };
    let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
    let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (digits && !name.is_empty()).then(|| (account.to_owned(), name.to_owned()))
}

fn answer(session: &Session) -> Xml {
    let mut xml = Xml::new();
    xml.element("AssumedRoleUser", |xml| {
        let Session { account, role, name, .. } = session;
        xml.leaf("AssumedRoleId", format!("{}:{name}", role_id(account, role)));
        xml.leaf("Arn", format!("arn:aws:sts::{account}:assumed-role/{role}/{name}"));
    });
    xml.element("Credentials", |xml| {
        xml.leaf("AccessKeyId", &session.key);
        xml.leaf("SecretAccessKey", super::auth::keys::secret_of(&session.key));
        xml.leaf("SessionToken", session.token());
        xml.leaf("Expiration", iso(session.expires));
    });
    xml.maybe("SourceIdentity", session.source_identity.as_deref());
    let bytes: usize = session.tags.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > 0 {
        xml.leaf("PackedPolicySize", (bytes / 20).max(1));
    }
    xml
}
