//! The actions on objects. S3 is strongly consistent: a write is seen by every later read.

use jiff::Timestamp;

use super::{Reply, Wanted, not_implemented};
use crate::sandbox::auth::Principal;
use crate::sandbox::auth::permission;
use crate::sandbox::clock::Now;
use crate::sandbox::wire::protocol::Service;
use crate::sandbox::wire::refusal::Refusal;
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::World;
use crate::sandbox::world::bucket::{Bucket, Object};

/// Does what a request asks for, or says no: the bucket first, then permission, then the conditions.
pub(crate) fn act(
    world: &mut World,
    principal: &Principal,
    region: &str,
    now: Now,
    wanted: &Wanted,
) -> Result<Reply, Refusal> {
    let bucket = world.buckets.get(&wanted.bucket).ok_or_else(|| {
        let refusal = Refusal::new("NoSuchBucket", "The specified bucket does not exist");
        refusal.with("BucketName", &wanted.bucket)
    })?;
    if bucket.region != region {
        return Err(elsewhere(bucket, wanted));
    }
    permit(world, principal, bucket, wanted)?;
    if wanted.action == "ListObjectsV2" {
        return list(bucket, wanted);
    }
    let held = bucket.objects.get(&wanted.key);
    if held.is_none() && matches!(wanted.action, "GetObject" | "HeadObject") {
        // Whether an object is there is a secret from those who may not list the bucket.
        let arn = format!("\"arn:aws:s3:::{}\"", wanted.bucket);
        permission::check(world, principal, Service::S3, "ListBucket", region, Some(&arn))?;
    }
    conditions(held, wanted)?;
    match wanted.action {
        "PutObject" => {
            let object = Object {
                body: wanted.body.clone(),
                content_type: wanted
                    .content_type
                    .clone()
                    .unwrap_or_else(|| "binary/octet-stream".to_owned()),
                modified: now.wall,
            };
            let headers = vec![("etag", object.etag())];
            world.buckets.entry(wanted.bucket.clone()).and_modify(|bucket| {
                bucket.objects.insert(wanted.key.clone(), object);
            });
            Ok(Reply { status: 200, headers, body: Vec::new() })
        }
        "DeleteObject" => {
            world.buckets.entry(wanted.bucket.clone()).and_modify(|bucket| {
                bucket.objects.remove(&wanted.key);
            });
            Ok(Reply { status: 204, ..Reply::default() })
        }
        _ => held.map(read).ok_or_else(|| no_such_key(wanted)),
    }
}

/// One page: nobody here keeps more than that.
fn list(bucket: &Bucket, wanted: &Wanted) -> Result<Reply, Refusal> {
    let found: Vec<_> =
        bucket.objects.iter().filter(|(key, _)| key.starts_with(&wanted.prefix)).collect();
    if found.len() > 1000 {
        return Err(not_implemented("a list of more than one page"));
    }
    let mut xml = Xml::new();
    xml.leaf("Name", &wanted.bucket).leaf("Prefix", &wanted.prefix).leaf("KeyCount", found.len());
    xml.leaf("MaxKeys", 1000).leaf("IsTruncated", false);
    for (key, object) in found {
        xml.element("Contents", |one| {
            let modified = Timestamp::from_millisecond(object.modified).unwrap_or_default();
            one.leaf("Key", key).leaf("LastModified", modified).leaf("ETag", object.etag());
            one.leaf("Size", object.body.len()).leaf("StorageClass", "STANDARD");
        });
    }
    let space = "http://s3.amazonaws.com/doc/2006-03-01/";
    let text =
        format!("<ListBucketResult xmlns=\"{space}\">{}</ListBucketResult>", xml.into_string());
    let headers = vec![("content-type", "application/xml".to_owned())];
    Ok(Reply { status: 200, headers, body: text.into_bytes() })
}

fn read(object: &Object) -> Reply {
    let modified = Timestamp::from_millisecond(object.modified).unwrap_or(Timestamp::UNIX_EPOCH);
    let headers = vec![
        ("etag", object.etag()),
        ("content-type", object.content_type.clone()),
        ("last-modified", modified.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()),
        ("accept-ranges", "bytes".to_owned()),
    ];
    Reply { status: 200, headers, body: object.body.clone() }
}

fn permit(
    world: &World,
    principal: &Principal,
    bucket: &Bucket,
    wanted: &Wanted,
) -> Result<(), Refusal> {
    let lists = wanted.action == "ListObjectsV2";
    let object = if lists { String::new() } else { format!("/{}", wanted.key) };
    let arn = format!("\"arn:aws:s3:::{}{object}\"", wanted.bucket);
    let mut actions = vec![match wanted.action {
        "HeadObject" => "GetObject",
        "ListObjectsV2" => "ListBucket",
        action => action,
    }];
    if wanted.action == "DeleteObject" && wanted.if_match.is_some() {
        // "To perform conditional deletes … you must have the s3:DeleteObject and s3:GetObject permissions."
        actions.push("GetObject");
    }
    for action in actions {
        let region = &bucket.region;
        permission::check(world, principal, Service::S3, action, region, Some(&arn))?;
        if bucket.account != principal.account {
            let why = format!("because no resource-based policy allows the s3:{action} action");
            let text = permission::text(principal, &format!("s3:{action}"), Some(&arn), &why);
            return Err(Refusal::new("AccessDenied", text));
        }
    }
    if wanted.expected_owner.as_ref().is_some_and(|owner| *owner != bucket.account) {
        return Err(Refusal::new("AccessDenied", "Access Denied"));
    }
    Ok(())
}

/// `If-Match` and `If-None-Match` (S3 user guide, "Conditional requests").
fn conditions(held: Option<&Object>, wanted: &Wanted) -> Result<(), Refusal> {
    let writes = wanted.action == "PutObject";
    let failed = |condition: &str| {
        let message = "At least one of the pre-conditions you specified did not hold";
        Refusal::new("PreconditionFailed", message).with("Condition", condition)
    };
    match (&wanted.if_match, &wanted.if_none_match) {
        (None, None) => Ok(()),
        (Some(_), Some(_)) => Err(not_implemented("If-Match with If-None-Match")),
        (Some(_), None) if held.is_none() => Err(no_such_key(wanted)),
        (Some(tag), None) => {
            if held.is_some_and(|held| same(tag, held)) {
                Ok(())
            } else {
                Err(failed("If-Match"))
            }
        }
        // "Expects the '*' (asterisk) character."
        (None, Some(tag)) if writes && tag != "*" => Err(not_implemented("If-None-Match")),
        (None, Some(tag)) => match held.filter(|held| same(tag, held)) {
            None => Ok(()),
            Some(_) if writes => Err(failed("If-None-Match")),
            Some(_) => Err(Refusal::new("NotModified", "Not Modified")),
        },
    }
}

fn same(tag: &str, held: &Object) -> bool {
    tag == "*" || tag.trim_matches('"') == held.etag().trim_matches('"')
}

fn no_such_key(wanted: &Wanted) -> Refusal {
    Refusal::new("NoSuchKey", "The specified key does not exist.").with("Key", &wanted.key)
}

/// The bucket is in another region than the one that was asked.
fn elsewhere(bucket: &Bucket, wanted: &Wanted) -> Refusal {
    let message = "The bucket you are attempting to access must be addressed using the specified endpoint. \
                   Please send all future requests to this endpoint.";
    let endpoint = format!("{}.s3.{}.amazonaws.com", wanted.bucket, bucket.region);
    Refusal::new("PermanentRedirect", message)
        .with("Endpoint", &endpoint)
        .with("Bucket", &wanted.bucket)
}
