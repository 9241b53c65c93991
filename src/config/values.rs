//! Readers of single values: ids, names, patterns, tags. Each reports what is wrong with its value
//! and says what is right.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use crate::ids::{AccountId, Region};
use crate::model::endpoint::Tags;
use crate::model::region;
use crate::model::spec::{Glob, GroupRef, IngressSource};

use super::problem::nearest;
use super::selector::Selector;
use super::tree::{Entry, Node};

/// An account id.
pub(super) fn account_id(node: &Node<'_>) -> Option<AccountId> {
    let text = node.text()?;
    text.parse().ok().or_else(|| {
        node.refuse(
            format!("`{text}` is not an account id"),
            "an account id is 12 digits in quotes, leading zeros included: \"012345678901\"",
        )
    })
}

/// A selector.
pub(super) fn selector(node: &Node<'_>) -> Option<Selector> {
    match node.text()?.parse::<Selector>() {
        Ok(selector) => Some(selector),
        Err(error) => node.refuse(error.problem, error.help),
    }
}

/// A region's name.
pub(super) fn region(node: &Node<'_>) -> Option<Region> {
    let text = node.text()?;
    let region = Region::from(text);
    if region::is_plausible(&region) {
        return Some(region);
    }
    let help = match nearest(text, region::known_regions()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "regions are named like `eu-west-1`".to_owned(),
    };
    node.refuse(format!("`{text}` is not a region"), help)
}

/// One of a few words.
pub(super) fn word<T: Clone>(node: &Node<'_>, words: &[(&str, T)]) -> Option<T> {
    let text = node.text()?;
    let same = |(word, _): &&(&str, T)| word.eq_ignore_ascii_case(text);
    if let Some((_, value)) = words.iter().find(same) {
        return Some(value.clone());
    }
    let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
    let help = match nearest(&text.to_ascii_lowercase(), known.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("known here: {}", known.join(", ")),
    };
    node.refuse(format!("`{}` cannot be `{text}`", node.path), help)
}

/// Text of a length, of certain characters. `what` names it, `allowed` says the characters.
pub(super) fn text_of<'a>(
    node: &Node<'a>,
    length: std::ops::RangeInclusive<usize>,
    is_allowed: impl Fn(char) -> bool,
    allowed: &str,
) -> Option<&'a str> {
    let text = node.text()?;
    let count = text.chars().count();
    if !length.contains(&count) {
        return node.refuse(
            format!("`{}` has {count} characters", node.path),
            format!("it must have {} to {}", length.start(), length.end()),
        );
    }
    match text.chars().find(|c| !is_allowed(*c)) {
        None => Some(text),
        Some(bad) => node.refuse(
            format!("`{}` cannot contain {bad:?}", node.path),
            format!("it may contain {allowed}"),
        ),
    }
}

/// `[\w+=,.@-]*`: what STS and IAM allow in names
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>).
pub(super) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

/// A session name or source identity.
pub(super) fn session_text(node: &Node<'_>) -> Option<String> {
    let text = text_of(node, 2..=64, is_name_char, "letters, digits and _+=,.@-")?;
    if text.starts_with("aws:") {
        return node.refuse(format!("`{text}` begins with `aws:`"), "AWS keeps this prefix");
    }
    Some(text.to_owned())
}

/// The id of an organization.
pub(super) fn organization_id(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    if crate::model::account::is_organization_id(text) {
        return Some(text.to_owned());
    }
    node.refuse(
        format!("`{text}` is not the id of an organization"),
        "it is shown by `aws organizations describe-organization`: id = \"o-a1b2c3d4e5\"",
    )
}

/// An external id.
pub(super) fn external_id(node: &Node<'_>) -> Option<String> {
    let is_allowed = |c| is_name_char(c) || ":/".contains(c);
    text_of(node, 2..=1224, is_allowed, "letters, digits and _+=,.@:/-").map(str::to_owned)
}

/// What is wrong with a role's name, with its path if it has one.
fn role_name_problem(role: &str) -> Option<&'static str> {
    let (path, name) = role.rsplit_once('/').unwrap_or(("", role));
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_name_char) {
        Some("a role's name has 1 to 64 letters, digits and _+=,.@-")
    } else if path.len() > 510 || !path.chars().all(|c| c.is_ascii_graphic()) {
        Some("a role's path has at most 512 visible ASCII characters: \"platform/linkwalk\"")
    } else {
        None
    }
}

/// The name of a role, with its path if it has one.
pub(super) fn role(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    if text.starts_with("arn:") {
        let name = text.split_once(":role/").map_or("OrganizationAccountAccessRole", |(_, n)| n);
        return node.refuse(
            "`organization.role` is a role's name, not its ARN",
            format!("it is assumed in every account, so write the name alone: role = \"{name}\""),
        );
    }
    let role = text.strip_prefix('/').unwrap_or(text);
    match role_name_problem(role) {
        Some(help) => node.refuse(format!("`{text}` is not the name of a role"), help),
        None => Some(role.to_owned()),
    }
}

/// The ARN of a role; its partition is the caller's to compare.
pub(super) fn role_arn(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let parts: Vec<_> = text.splitn(6, ':').collect();
    let is_right = match parts.as_slice() {
        ["arn", partition, "iam", "", account, resource] => {
            partition.starts_with("aws")
                && account.parse::<AccountId>().is_ok()
                && resource
                    .strip_prefix("role/")
                    .is_some_and(|name| role_name_problem(name).is_none())
        }
        _ => false,
    };
    if is_right {
        return Some(text.to_owned());
    }
    node.refuse(
        format!("`{text}` is not the ARN of a role"),
        "write it in full: \"arn:aws:iam::222233334444:role/hub\"",
    )
}

/// A length of time.
pub(super) fn duration(
    node: &Node<'_>,
    bounds: std::ops::RangeInclusive<Duration>,
) -> Option<Duration> {
    let text = node.text()?;
    let help = format!(
        "write a time between {} and {}: \"15m\", \"90s\", \"1h 30m\"",
        humantime::format_duration(*bounds.start()),
        humantime::format_duration(*bounds.end()),
    );
    match humantime::parse_duration(text) {
        Ok(duration) if bounds.contains(&duration) => Some(duration),
        Ok(_) => node.refuse(format!("`{text}` is out of range"), help),
        Err(_) => node.refuse(format!("`{text}` is not a length of time"), help),
    }
}

/// Tags of resources
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions>).
pub(super) fn tags(node: &Node<'_>) -> Option<Tags> {
    let mut tags = Tags::new();
    for Entry { name: key, at, value } in node.entries()? {
        tag_key(&at, key);
        if let Some(text) = value.text() {
            let length = text.chars().count();
            if length > 256 {
                value.refuse::<()>(
                    format!("the value of tag `{key}` has {length} characters"),
                    "AWS allows 256",
                );
            }
            tags.insert(key.to_owned(), text.to_owned());
        }
    }
    Some(tags)
}

/// Checks the key of a tag; `node` is the place to point at.
pub(super) fn tag_key(node: &Node<'_>, key: &str) {
    let lower = key.to_ascii_lowercase();
    let length = key.chars().count();
    if length == 0 || length > 128 {
        node.refuse::<()>(format!("a tag's key has {length} characters"), "AWS allows 1 to 128");
    } else if lower.starts_with("aws:") {
        node.refuse::<()>(format!("tag `{key}` begins with `aws:`"), "AWS keeps this prefix");
    } else if lower.starts_with("linkwalk:") {
        node.refuse::<()>(
            format!("tag `{key}` begins with `linkwalk:`"),
            "linkwalk keeps this prefix for the tags by which it knows its own resources",
        );
    }
}

/// Session tags: what STS allows is narrower than what EC2 does
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html>).
pub(super) fn session_tags(node: &Node<'_>) -> Option<BTreeMap<String, String>> {
    let tags = tags(node)?;
    let is_allowed = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    for (key, value) in &tags {
        if !key.chars().chain(value.chars()).all(is_allowed) {
            node.refuse::<()>(
                format!("session tag `{key}` has a character STS does not take"),
                "it may contain letters, digits, spaces and _.:/=+-@",
            );
        }
    }
    if tags.len() > 50 {
        node.refuse::<()>(format!("{} session tags", tags.len()), "STS takes at most 50");
    }
    Some(tags)
}

/// Tags to look for: key to pattern of the value.
pub(super) fn tag_globs(node: &Node<'_>) -> Option<BTreeMap<String, Glob>> {
    let entries = node.entries()?;
    if entries.is_empty() {
        return node.refuse(
            format!("`{}` names no tag", node.path),
            "without a tag it would select everything; write \"all\" if that is meant",
        );
    }
    let mut globs = BTreeMap::new();
    for Entry { name: key, value, .. } in entries {
        let Some(pattern) = value.text() else { continue };
        match Glob::new(pattern) {
            Ok(glob) => {
                globs.insert(key.to_owned(), glob);
            }
            Err(error) => {
                value.refuse::<()>(
                    format!("`{pattern}` is not a pattern: {error}"),
                    "`*`, `?`, `[a-z]` and `{a,b}` have a meaning; put `\\` before one that stands \
                     for itself",
                );
            }
        }
    }
    Some(globs)
}

/// Whether the text is a resource's id: `prefix` and 8 to 17 hexadecimal digits.
fn is_resource_id(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(is_hex_id)
}

/// The variable part of ids: 8 hexadecimal digits once, 17 today.
pub(super) fn is_hex_id(text: &str) -> bool {
    (8..=17).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// An id with this prefix.
pub(super) fn resource_id<'a>(node: &Node<'a>, prefix: &str) -> Option<&'a str> {
    let text = node.text()?;
    if is_resource_id(prefix, text) {
        return Some(text);
    }
    node.refuse(
        format!("`{text}` is not an id of the form `{prefix}...`"),
        format!("write it as AWS shows it: \"{prefix}0a1b2c3d4e5f60718\""),
    )
}

/// A list that is not empty, and in which nothing stands twice.
pub(super) fn distinct<'a, T: PartialEq>(
    node: &Node<'a>,
    read: impl Fn(&Node<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let mut values = Vec::new();
    for (item, value) in node.some(|item| Some((item.clone(), read(item)?)))? {
        if values.contains(&value) {
            item.refuse::<()>(
                format!("{} stands twice in `{}`", item.as_text().unwrap_or("this"), node.path),
                "remove one of the two",
            );
        } else {
            values.push(value);
        }
    }
    Some(values)
}

/// The name of a security group
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>).
fn group_name_problem(name: &str) -> Option<String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if name.is_empty() || name.len() > 255 {
        Some("it must have 1 to 255 characters".to_owned())
    } else if let Some(bad) = name.chars().find(|c| !is_allowed(*c)) {
        Some(format!(
            "{bad:?} is not allowed; letters, digits, spaces and ._-:/()#,@[]+=&;{{}}!$* are"
        ))
    } else if name.trim() != name {
        Some("it must not begin or end with a space: AWS cuts it off".to_owned())
    } else if name.starts_with("sg-") {
        Some("it must not begin with `sg-`, which is how ids begin".to_owned())
    } else {
        None
    }
}

/// The name of the group to be made.
pub(super) fn own_group_name(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let problem = match group_name_problem(text) {
        None if text == "default" => "`default` is the name of the VPC's own group".to_owned(),
        None => return Some(text.to_owned()),
        Some(problem) => problem,
    };
    node.refuse(format!("`{text}` cannot be the name of a security group"), problem)
}

/// One of an endpoint's security groups.
pub(super) fn group(node: &Node<'_>) -> Option<GroupRef> {
    let text = node.text()?;
    if text == "managed" {
        return Some(GroupRef::Managed);
    }
    if let Some(name) = text.strip_prefix("name:") {
        return match group_name_problem(name) {
            None => Some(GroupRef::Name(name.to_owned())),
            Some(help) => node.refuse(format!("`{name}` cannot name a security group"), help),
        };
    }
    if is_resource_id("sg-", text) {
        return Some(GroupRef::Id(text.into()));
    }
    let help = match nearest(text, ["managed"]) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!(
            "\"managed\" is linkwalk's own; others are given by id, \"sg-0a1b2c3d4e5f60718\", or by \
             name, \"name:{text}\""
        ),
    };
    node.refuse(format!("`{text}` is not a security group"), help)
}

/// One source that may reach the endpoints.
pub(super) fn ingress(node: &Node<'_>) -> Option<IngressSource> {
    let text = node.text()?;
    if text == "vpc" {
        return Some(IngressSource::Vpc);
    }
    if is_resource_id("pl-", text) {
        return Some(IngressSource::PrefixList(text.to_owned()));
    }
    let wrong = format!("`{text}` is not a source of traffic");
    if let Ok(address) = text.parse::<IpAddr>() {
        return node.refuse(wrong, format!("did you mean \"{}\"?", IpNet::from(address)));
    }
    match text.parse::<IpNet>() {
        Ok(net) if net.trunc() == net => Some(IngressSource::Cidr(net)),
        Ok(net) => node.refuse(
            format!("`{text}` has bits set beyond its prefix"),
            format!("did you mean \"{}\"?", net.trunc()),
        ),
        Err(_) => node.refuse(
            wrong,
            "write \"vpc\" for all CIDRs of the VPC, a CIDR (\"10.0.0.0/8\") or a prefix list \
             (\"pl-0a1b2c3d4e5f60718\")",
        ),
    }
}

/// What a template may be filled with.
const PLACEHOLDERS: [&str; 6] = ["service", "type", "region", "account", "vpc", "deployment"];

/// A template of a name.
pub(super) fn template(node: &Node<'_>) -> Option<String> {
    let text = text_of(node, 1..=256, |c| !c.is_control(), "visible characters")?;
    let known = PLACEHOLDERS.map(|word| format!("{{{word}}}")).join(", ");
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let inner = rest[at..].strip_prefix('{').and_then(|tail| tail.split_once('}'));
        let Some((word, tail)) = inner else {
            return node.refuse(
                format!("`{text}` has a brace without its partner"),
                format!("braces stand around placeholders: {known}"),
            );
        };
        if !PLACEHOLDERS.contains(&word) {
            let help = match nearest(word, PLACEHOLDERS) {
                Some(near) => format!("did you mean `{{{near}}}`?"),
                None => format!("known: {known}"),
            };
            return node.refuse(format!("`{{{word}}}` is not a placeholder"), help);
        }
        rest = tail;
    }
    Some(text.to_owned())
}
