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
        match known.iter().find(|(word, _)| tail.starts_with(word)) {
            Some((word, value)) => {
                name.push_str(value);
                rest = &tail[word.len()..];
            }
            None => {
                name.push('{');
                rest = &tail[1..];
            }
        }
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
