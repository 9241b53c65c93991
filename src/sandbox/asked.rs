//! What a request asks for: service, action, parameters, and who it claims to be from.

use super::auth::check::{claimed_account, scope};
use super::load::limits;
use super::s3;
use super::wire::fields::Fields;
use super::wire::message::Request;
use super::wire::params::Params;
use super::wire::protocol::Service;
use super::wire::refusal::Refusal;

/// What the request asks for, before anything is known about the caller.
pub(crate) struct Asked {
    pub(crate) service: Service,
    pub(crate) action: String,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) input: Input,
}

/// The parameters of a request.
pub(crate) enum Input {
    Query(Params),
    Json(Fields),
    Object(s3::Wanted),
}

impl Asked {
    /// True if the call can change something.
    pub(crate) fn mutating(&self) -> bool {
        let dry = matches!(&self.input, Input::Query(params) if params.is_dry_run());
        !limits::reads(&self.action) && !dry
    }
}

/// Reads a request; the service is known even when the rest is refused.
pub(crate) fn read(request: &Request) -> (Service, Result<Asked, Refusal>) {
    let scope = scope(request);
    let service = service_of(request, scope.as_ref());
    let asked = || {
        let (action, input) = match service {
            Service::Organizations => read_json(request, "AWSOrganizationsV20161128.")?,
            Service::CloudWatch => read_cloudwatch(request)?,
            Service::ServiceQuotas => read_json(request, "ServiceQuotasV20190624.")?,
            Service::Ecr => read_json(request, "AmazonEC2ContainerRegistry_V20150921.")?,
            Service::Route53 => read_route53(request)?,
            Service::S3 => {
                let wanted = s3::Wanted::read(request)?;
                (wanted.action.to_owned(), Input::Object(wanted))
            }
            Service::Ec2 | Service::Sts | Service::Sns => read_query(request, service)?,
        };
        let account = claimed_account(request).unwrap_or_default();
        let region = scope.clone().map(|(region, _)| region).unwrap_or_default();
        Ok(Asked { service, action, account, region, input })
    };
    (service, asked())
}

fn service_of(request: &Request, scope: Option<&(String, String)>) -> Service {
    if let Some(service) = scope.and_then(|(_, name)| Service::from_scope(name)) {
        return service;
    }
    let text = String::from_utf8_lossy(&request.body);
    if request.header("x-amz-target").is_some() {
        Service::Organizations
    } else if text.contains("Version=2011-06-15") || request.query().contains("Version=2011-06-15")
    {
        Service::Sts
    } else {
        Service::Ec2
    }
}

fn read_query(request: &Request, service: Service) -> Result<(String, Input), Refusal> {
    let body = std::str::from_utf8(&request.body).map_err(|_| {
        Refusal::new("MalformedQueryString", "The query string is malformed: not UTF-8")
    })?;
    let params = Params::parse(&[request.query(), body.trim()])?;
    let action = params.text("Action").ok_or_else(|| {
        Refusal::new("MissingAction", "The request must contain the parameter Action")
    })?;
    let wanted = match service {
        Service::Ec2 => "2016-11-15",
        Service::Sns => "2010-03-31",
        _ => "2011-06-15",
    };
    if params.get("Version") != Some(wanted) {
        let version = params.get("Version").unwrap_or_default();
        let message = format!("The requested version ({version}) is not valid");
        return Err(Refusal::new("NoSuchVersion", message).unknown());
    }
    Ok((action, Input::Query(params)))
}

fn read_json(request: &Request, prefix: &str) -> Result<(String, Input), Refusal> {
    let target = request.header("x-amz-target").unwrap_or_default();
    let unknown = || {
        Refusal::new("UnknownOperationException", format!("Unknown operation {target}")).unknown()
    };
    let action = target.strip_prefix(prefix).ok_or_else(unknown)?;
    Ok((action.to_owned(), Input::Json(Fields::parse(&request.body)?)))
}

/// Route 53 speaks REST: path and method name the action.
fn read_route53(request: &Request) -> Result<(String, Input), Refusal> {
    let params = Params::parse(&[request.query()])?;
    let action = match (request.method.as_str(), request.path()) {
        ("GET", "/2013-04-01/hostedzonesbyvpc") => "ListHostedZonesByVPC",
        (method, path) => {
            let message = format!("{method} {path} is not known");
            return Err(Refusal::new("InvalidAction", message).unknown());
        }
    };
    Ok((action.to_owned(), Input::Query(params)))
}

/// CloudWatch speaks RPC v2 CBOR, where the path names the action, and AWS JSON 1.0.
fn read_cloudwatch(request: &Request) -> Result<(String, Input), Refusal> {
    let path = "/service/GraniteServiceVersion20100801/operation/";
    match request.path().strip_prefix(path) {
        Some(action) => Ok((action.to_owned(), Input::Json(Fields::parse_cbor(&request.body)?))),
        None => read_json(request, "GraniteServiceVersion20100801."),
    }
}
