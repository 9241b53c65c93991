//! `[lock]`: where runs of one deployment on different machines exclude each other.

use super::tree::{Node, Table};
use super::values;
use crate::ids::Region;

/// `[lock]`: an S3 bucket that every machine can write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockBucket {
    /// The bucket's name.
    pub bucket: String,
    /// What the object's key begins with; empty, or ending in `/`.
    pub prefix: String,
    /// Where the bucket is; `None`: in the first of `organization.regions`.
    pub region: Option<Region>,
}

pub(super) fn lock(root: &Table<'_>) -> Option<LockBucket> {
    let table = root.table("lock", "lock")?;
    let region = table.read("region", values::region);
    let (bucket, prefix) = table.require("bucket").and_then(|node| bucket(&node))?;
    Some(LockBucket { bucket, prefix, region })
}

/// `s3://bucket/prefix`. Names as S3 allows them
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>).
fn bucket(node: &Node<'_>) -> Option<(String, String)> {
    const EXAMPLE: &str =
        "write it as an address: \"s3://my-bucket\" or \"s3://my-bucket/linkwalk\"";
    let text = node.text()?;
    let Some(address) = text.strip_prefix("s3://") else {
        return node.refuse(format!("`{text}` is not the address of a bucket"), EXAMPLE);
    };
    let (name, prefix) = address.split_once('/').unwrap_or((address, ""));
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    let is_name = (3..=63).contains(&name.len())
        && name.chars().all(is_allowed)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    if !is_name {
        return node.refuse(
            format!("`{name}` is not the name of a bucket"),
            "a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens",
        );
    }
    let prefix = prefix.trim_end_matches('/');
    if prefix.len() > 512 || !prefix.chars().all(|c| c.is_ascii_graphic()) {
        return node.refuse(
            format!("`{prefix}` cannot begin an object's key"),
            "it has at most 512 visible ASCII characters",
        );
    }
    let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    Some((name.to_owned(), prefix))
}
