//! Who is calling: from the `Authorization` header to a principal, or to AWS's refusal in the words of the
//! service that was called.

use sha2::{Digest as _, Sha256};

use super::Principal;
use super::keys::{LONG_TERM, SESSION, account_of};
use super::session::Session;
use super::signature::{Authorization, Unusable};
use crate::sandbox::clock::Now;
use crate::sandbox::options::Options;
use crate::sandbox::wire::message::Request;
use crate::sandbox::wire::protocol::Service;
use crate::sandbox::wire::refusal::Refusal;
use crate::sandbox::world::World;

/// How far a signature's date may be from the present, in milliseconds.
const SKEW: i64 = 15 * 60 * 1000;

/// The principal of a request.
pub(crate) fn authenticate(
    world: &World,
    options: &Options,
    now: Now,
    service: Service,
    request: &Request,
) -> Result<(Principal, String), Refusal> {
    let header = Authorization::read(request).map_err(|why| unusable(service, why))?;
    let principal = principal(world, now, service, request, &header)?;
    if service == Service::S3 {
        payload(request)?;
    }
    if options.verify_signatures && !header.verifies(request) {
        return Err(bad_signature(service));
    }
    // A clock that is wrong is not wrong for AWS.
    let aws = now.wall + world.clock_skew_seconds * 1000;
    if (options.check_dates || world.clock_skew_seconds != 0) && !in_time(request, aws) {
        return Err(match service {
            Service::Ec2 => Refusal::new("RequestExpired", "Request has expired."),
            Service::Sts => Refusal::new("SignatureDoesNotMatch", "Signature expired"),
            Service::S3 => {
                let message =
                    "The difference between the request time and the current time is too large.";
                Refusal::new("RequestTimeTooSkewed", message)
            }
            Service::Sns | Service::CloudWatch | Service::Route53 => {
                Refusal::new("SignatureDoesNotMatch", "Signature expired")
            }
            Service::Organizations | Service::ServiceQuotas | Service::Ecr => {
                Refusal::new("InvalidSignatureException", "Signature expired")
            }
        });
    }
    let locked = world.accounts.get(&principal.account).is_none_or(|account| !account.works());
    if locked {
        return Err(suspended(service));
    }
    let region = header.region;
    let regional = !matches!(service, Service::Organizations | Service::Route53);
    if regional && !world.region_enabled(&principal.account, &region) {
        return Err(disabled(service, &principal.account));
    }
    Ok((principal, region))
}

/// The hash of the body, which S3 wants told and checks.
fn payload(request: &Request) -> Result<(), Refusal> {
    match request.header("x-amz-content-sha256") {
        None => Err(Refusal::new(
            "InvalidRequest",
            "Missing required header for this request: x-amz-content-sha256",
        )),
        Some("UNSIGNED-PAYLOAD") => Ok(()),
        Some(hash) if hash == hex::encode(Sha256::digest(&request.body)) => Ok(()),
        Some(other) if other.starts_with("STREAMING-") => {
            let message = "A header you provided implies functionality that is not implemented";
            Err(Refusal::new("NotImplemented", message).unknown())
        }
        Some(_) => Err(Refusal::new(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )),
    }
}

/// The region and service a request names, even if it is refused later.
pub(crate) fn scope(request: &Request) -> Option<(String, String)> {
    Authorization::read(request).ok().map(|header| (header.region, header.service))
}

/// The account a request claims to be of, even if it is refused later.
pub(crate) fn claimed_account(request: &Request) -> Option<String> {
    let key = Authorization::read(request).ok()?.key;
    let token =
        || Session::open(request.header("x-amz-security-token")?).map(|session| session.account);
    account_of(&key).or_else(token)
}

fn principal(
    world: &World,
    now: Now,
    service: Service,
    request: &Request,
    header: &Authorization,
) -> Result<Principal, Refusal> {
    let token = request.header("x-amz-security-token");
    if header.key.starts_with(LONG_TERM) && token.is_none() {
        let account = account_of(&header.key).filter(|id| world.accounts.contains_key(id));
        let account = account.ok_or_else(|| bad_key(service))?;
        return Ok(Principal { account, session: None });
    }
    if !header.key.starts_with(SESSION) {
        return Err(bad_key(service));
    }
    let session = token.and_then(Session::open).filter(|session| session.key == header.key);
    let session = session.ok_or_else(|| bad_key(service))?;
    let account = world.accounts.get(&session.account).ok_or_else(|| bad_key(service))?;
    if session.expires <= now.wall || session.serial <= account.sessions_void_through {
        return Err(expired(service));
    }
    Ok(Principal { account: session.account.clone(), session: Some(session) })
}

fn in_time(request: &Request, wall: i64) -> bool {
    let stamp = request.header("x-amz-date").unwrap_or_default();
    let parsed = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", stamp);
    let zoned = parsed.and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC));
    zoned.is_ok_and(|time| (time.timestamp().as_millisecond() - wall).abs() <= SKEW)
}

fn unusable(service: Service, why: Unusable) -> Refusal {
    match (why, service) {
        (Unusable::Missing, Service::Organizations | Service::ServiceQuotas | Service::Ecr) => {
            Refusal::new("MissingAuthenticationTokenException", "Missing Authentication Token")
        }
        (Unusable::Missing, Service::S3) => Refusal::new("AccessDenied", "Access Denied"),
        (Unusable::Incomplete(text), Service::S3) => {
            Refusal::new("AuthorizationHeaderMalformed", text)
        }
        (Unusable::Missing, _) => {
            Refusal::new("MissingAuthenticationToken", "Request is missing Authentication Token")
        }
        (
            Unusable::Incomplete(text),
            Service::Organizations | Service::ServiceQuotas | Service::Ecr,
        ) => Refusal::new("IncompleteSignatureException", text),
        (Unusable::Incomplete(text), _) => Refusal::new("IncompleteSignature", text),
    }
}

/// An access key nobody has, or a token that is not the key's.
fn bad_key(service: Service) -> Refusal {
    match service {
        Service::Ec2 => auth_failure(),
        Service::S3 => Refusal::new(
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
        Service::Sts | Service::Sns | Service::CloudWatch | Service::Route53 => Refusal::new(
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        ),
        Service::Organizations | Service::ServiceQuotas | Service::Ecr => Refusal::new(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
    }
}

fn auth_failure() -> Refusal {
    Refusal::new("AuthFailure", "AWS was not able to validate the provided access credentials")
}

fn bad_signature(service: Service) -> Refusal {
    let message = "The request signature we calculated does not match the signature you provided. Check your \
                   AWS Secret Access Key and signing method. Consult the service documentation for details.";
    match service {
        Service::Ec2 => auth_failure(),
        Service::S3 => Refusal::new(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and \
             signing method.",
        ),
        Service::Sts | Service::Sns | Service::CloudWatch | Service::Route53 => {
            Refusal::new("SignatureDoesNotMatch", message)
        }
        Service::Organizations | Service::ServiceQuotas | Service::Ecr => {
            Refusal::new("InvalidSignatureException", message)
        }
    }
}

/// A session that is over.
pub(crate) fn expired(service: Service) -> Refusal {
    let message = "The security token included in the request is expired";
    match service {
        Service::Ec2 => Refusal::new("RequestExpired", "Request has expired."),
        Service::S3 => {
            Refusal::new("ExpiredToken", "The provided token has expired.").with_status(400)
        }
        Service::Sts | Service::Sns | Service::CloudWatch | Service::Route53 => {
            Refusal::new("ExpiredToken", message)
        }
        Service::Organizations | Service::ServiceQuotas | Service::Ecr => {
            Refusal::new("ExpiredTokenException", message)
        }
    }
}

fn suspended(service: Service) -> Refusal {
    match service {
        Service::Ec2 => Refusal::new(
            "OptInRequired",
            "You are not subscribed to this service. Please go to http://aws.amazon.com to subscribe.",
        ),
        _ => bad_key(service),
    }
}

/// A region the account has not enabled.
fn disabled(service: Service, account: &str) -> Refusal {
    match service {
        Service::Ec2 | Service::Organizations => auth_failure(),
        Service::S3
        | Service::Sns
        | Service::CloudWatch
        | Service::ServiceQuotas
        | Service::Ecr
        | Service::Route53 => bad_key(service),
        Service::Sts => Refusal::new(
            "RegionDisabledException",
            format!(
                "STS is not activated in this region for account:{account}. Your account administrator can \
                 activate STS in this region using the IAM Console."
            ),
        ),
    }
}
