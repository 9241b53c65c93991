//! Tags: on creation, afterwards, and listed.

use super::context::Ec2;
use super::ids::Noun;
use crate::sandbox::wire::refusal::{Refusal, missing};
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::Tags;

/// The most tags of a resource (EC2 user guide, "Tag restrictions").
const MOST: usize = 50;

/// Writes a `tagSet`.
pub(crate) fn write(xml: &mut Xml, tags: &Tags) {
    xml.set("tagSet", tags, |xml, (key, value)| {
        xml.leaf("key", key).leaf("value", value);
    });
}

/// The tags a create call gives to what it makes.
pub(crate) fn specified(ec2: &Ec2, nouns: &[Noun]) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for prefix in ec2.params.structures("TagSpecification") {
        let kind = ec2.params.need(&format!("{prefix}.ResourceType"))?;
        if !nouns.iter().any(|noun| noun.resource_type() == kind) {
            let message =
                format!("'{kind}' is not a valid taggable resource type for this operation.");
            return Err(Refusal::new("InvalidParameterValue", message));
        }
        for (key, value) in pairs(ec2, &format!("{prefix}.Tag"))? {
            let value = value.unwrap_or_default();
            if tags.insert(key.clone(), value).is_some() {
                let message = format!("Duplicate tag key '{key}' specified.");
                return Err(Refusal::new("InvalidParameterValue", message));
            }
        }
    }
    check(&tags)?;
    Ok(tags)
}

/// `CreateTags`.
pub(crate) fn create(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let ids = resources(ec2)?;
    let pairs = pairs(ec2, "Tag")?;
    if pairs.is_empty() {
        return Err(missing("Tag"));
    }
    let tags: Tags =
        pairs.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect();
    check(&tags)?;
    ec2.ready()?;
    for id in &ids {
        exists(ec2, id)?;
        let has = ec2.tags_of(id);
        let more = tags.keys().filter(|key| !has.contains_key(*key)).count();
        if has.len() + more > MOST {
            return Err(too_many());
        }
    }
    for id in ids {
        ec2.state.tags.entry(id).or_default().extend(tags.clone());
    }
    Ok(Xml::done())
}

/// `DeleteTags`: a key with a value removes the tag only if it has that value; no keys remove all tags.
pub(crate) fn delete(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let ids = resources(ec2)?;
    let pairs = pairs(ec2, "Tag")?;
    ec2.ready()?;
    ids.iter().try_for_each(|id| exists(ec2, id))?;
    for id in ids {
        let Some(tags) = ec2.state.tags.get_mut(&id) else {
            continue;
        };
        if pairs.is_empty() {
            tags.clear();
        }
        for (key, value) in &pairs {
            if value.is_none() || tags.get(key) == value.as_ref() {
                tags.remove(key);
            }
        }
    }
    Ok(Xml::done())
}

/// `DescribeTags`.
pub(crate) fn describe(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let filters = ec2.filters(&["key", "value", "resource-id", "resource-type"], true)?;
    let page = ec2.page("DescribeTags", 5..=1000)?;
    ec2.ready()?;
    let all = ec2.state.tags.iter().filter(|(id, _)| ec2.state.seen(id)).flat_map(|(id, tags)| {
        let kind = Noun::of(id).map_or("", Noun::resource_type);
        tags.iter().map(move |(key, value)| (id, kind, key, value))
    });
    let all = all.filter(|(id, kind, key, value)| {
        let tags = Tags::from([((*key).clone(), (*value).clone())]);
        filters.hold(&tags, |name| {
            vec![match name {
                "key" => (*key).clone(),
                "value" => (*value).clone(),
                "resource-id" => (*id).clone(),
                _ => (*kind).to_owned(),
            }]
        })
    });
    let (items, next) = page.cut(all, |(id, _, key, _)| format!("{id} {key}"));
    let mut xml = Xml::new();
    xml.set("tagSet", items, |xml, (id, kind, key, value)| {
        xml.leaf("resourceId", id).leaf("resourceType", kind).leaf("key", key).leaf("value", value);
    });
    xml.maybe("nextToken", next);
    Ok(xml)
}

fn resources(ec2: &Ec2) -> Result<Vec<String>, Refusal> {
    let ids = ec2.params.list("ResourceId");
    if ids.is_empty() {
        return Err(missing("resourceIdSet"));
    }
    for id in &ids {
        if Noun::of(id).is_none() {
            return Err(Refusal::new("InvalidID", format!("The ID '{id}' is not valid")));
        }
    }
    Ok(ids)
}

fn exists(ec2: &Ec2, id: &str) -> Result<(), Refusal> {
    let noun = Noun::of(id)
        .ok_or_else(|| Refusal::new("InvalidID", format!("The ID '{id}' is not valid")))?;
    if ec2.exists(noun, id) { Ok(()) } else { Err(noun.unknown(id)) }
}

/// `Tag.N.Key` and `Tag.N.Value`.
fn pairs(ec2: &Ec2, name: &str) -> Result<Vec<(String, Option<String>)>, Refusal> {
    let prefixes = ec2.params.structures(name);
    let read = |prefix: String| {
        let key = ec2.params.need(&format!("{prefix}.Key"))?;
        Ok((key, ec2.params.text(&format!("{prefix}.Value"))))
    };
    prefixes.into_iter().map(read).collect()
}

fn check(tags: &Tags) -> Result<(), Refusal> {
    if tags.len() > MOST {
        return Err(too_many());
    }
    for (key, value) in tags {
        let message = if key.to_ascii_lowercase().starts_with("aws:") {
            "Tag keys starting with 'aws:' are reserved for internal use".to_owned()
        } else if key.chars().count() > 127 {
            format!("Tag key exceeds the maximum length of 127 characters: '{key}'")
        } else if value.chars().count() > 256 {
            "Tag value exceeds the maximum length of 256 characters".to_owned()
        } else {
            continue;
        };
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    Ok(())
}

fn too_many() -> Refusal {
    Refusal::new("TagLimitExceeded", format!("More than {MOST} tags specified."))
}
