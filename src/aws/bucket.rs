//! An S3 bucket as a place where exactly one of many writers wins: S3's conditional writes
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>).

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::put_object::{PutObjectError, PutObjectOutput};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::time::sleep;

use super::error;
use crate::model::failure::{ErrorClass, Failure};

/// How often a write is tried again when S3 answers that another one is under way.
const CONFLICTS: u32 = 5;

/// Before the first of these tries; twice as long before each further one.
const CONFLICT_WAIT: Duration = Duration::from_millis(200);

/// One bucket. It needs `s3:GetObject`, `s3:PutObject`, `s3:DeleteObject` on its objects and
/// `s3:ListBucket` on itself: without the last S3 answers `AccessDenied` for an object that is not there.
#[derive(Debug)]
pub struct Bucket {
    client: Client,
    name: String,
}

/// On what a write depends.
#[derive(Clone, Copy)]
enum Only<'a> {
    IfAbsent,
    IfStill(&'a str),
}

impl Bucket {
    pub(super) fn new(client: Client, name: &str) -> Self {
        Self { client, name: name.to_owned() }
    }

    /// Makes an object that is not there yet, and answers its entity tag; `None` when there is one with
    /// another body. Bodies must differ from writer to writer: a body that equals ours is taken as our
    /// own, written by an attempt whose answer was lost.
    pub async fn create(&self, key: &str, body: &str) -> Result<Option<String>, Failure> {
        self.put(key, body, Only::IfAbsent).await
    }

    /// The keys that begin so: a page of them, which is a thousand.
    pub async fn keys(&self, prefix: &str) -> Result<Vec<String>, Failure> {
        let request = self.client.list_objects_v2().bucket(&self.name).prefix(prefix);
        let answer = request.send().await.map_err(|e| self.failure("ListObjectsV2", &e))?;
        let objects = answer.contents.unwrap_or_default();
        Ok(objects.into_iter().filter_map(|object| object.key).collect())
    }

    /// An object's body and its entity tag; `None` when there is none.
    pub async fn get(&self, key: &str) -> Result<Option<(String, String)>, Failure> {
        let answer = match self.client.get_object().bucket(&self.name).key(key).send().await {
            Ok(answer) => answer,
            Err(e) if e.code() == Some("NoSuchKey") => return Ok(None),
            Err(e) => return Err(self.failure("GetObject", &e)),
        };
        let etag = answer.e_tag.unwrap_or_default();
        let bytes = answer.body.collect().await.map_err(|e| {
            Failure::local(
                "GetObject",
                ErrorClass::Transient,
                format!("s3://{}/{key}: {e}", self.name),
            )
        })?;
        let body = String::from_utf8(bytes.to_vec()).map_err(|_| {
            let text =
                format!("s3://{}/{key} is not text: it was not written by this program", self.name);
            Failure::local("GetObject", ErrorClass::Invalid, text)
        })?;
        Ok(Some((body, etag)))
    }

    /// Writes a new body over the one with this entity tag, and answers the new tag; `None` when the
    /// object is another one by now, or gone. Bodies must differ, as with [`Bucket::create`].
    pub async fn replace(
        &self,
        key: &str,
        body: &str,
        etag: &str,
    ) -> Result<Option<String>, Failure> {
        self.put(key, body, Only::IfStill(etag)).await
    }

    /// Deletes the object with this entity tag. True when it is gone, be it by us or before; false when
    /// there is another one in its place, which stays.
    pub async fn delete(&self, key: &str, etag: &str) -> Result<bool, Failure> {
        let request = self.client.delete_object().bucket(&self.name).key(key).if_match(etag);
        match request.send().await {
            Ok(_) => Ok(true),
            Err(e) => match e.code() {
                Some("NoSuchKey") => Ok(true),
                Some("PreconditionFailed") => Ok(false),
                _ => Err(self.failure("DeleteObject", &e)),
            },
        }
    }

    async fn put(&self, key: &str, body: &str, only: Only<'_>) -> Result<Option<String>, Failure> {
        let mut conflicts = 0;
        loop {
            let error = match self.put_once(key, body, only).await {
                Ok(answer) => return Ok(Some(answer.e_tag.unwrap_or_default())),
                Err(error) => error,
            };
            match error.code() {
                Some("PreconditionFailed") => {
                    let held = self.get(key).await?;
                    return Ok(held.filter(|(held, _)| held == body).map(|(_, etag)| etag));
                }
                Some("NoSuchKey") => return Ok(None),
                Some("ConditionalRequestConflict") if conflicts < CONFLICTS => {
                    sleep(CONFLICT_WAIT * 2_u32.pow(conflicts)).await;
                    conflicts += 1;
                }
                _ => return Err(self.failure("PutObject", &error)),
            }
        }
    }

    async fn put_once(
        &self,
        key: &str,
        body: &str,
        only: Only<'_>,
    ) -> Result<PutObjectOutput, SdkError<PutObjectError, HttpResponse>> {
        let request = self.client.put_object().bucket(&self.name).key(key);
        let request = match only {
            Only::IfAbsent => request.if_none_match("*"),
            Only::IfStill(etag) => request.if_match(etag),
        };
        let bytes = ByteStream::from(body.as_bytes().to_vec());
        request.content_type("application/json").body(bytes).send().await
    }

    fn failure<E>(&self, operation: &str, error: &SdkError<E, HttpResponse>) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let mut failure = error::failure(operation, error);
        let name = &self.name;
        let hint = match failure.code.as_deref() {
            Some("NoSuchBucket") => {
                format!("there is no bucket `{name}`: make it, or correct its name")
            }
            Some("PermanentRedirect" | "AuthorizationHeaderMalformed") => {
                format!("bucket `{name}` is in another region than accounts.toml says")
            }
            Some("AccessDenied") => format!(
                "the caller needs s3:GetObject, s3:PutObject and s3:DeleteObject on the objects of \
                 `{name}`, and s3:ListBucket on the bucket itself: `linkwalk role --caller` prints its \
                 policy"
            ),
            _ => return failure,
        };
        failure.hint = Some(hint);
        failure
    }
}
