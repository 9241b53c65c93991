//! The services' protocols: how an answer and a refusal are written.
//!
//! EC2 speaks the EC2 query protocol (API version 2016-11-15), STS and SNS the AWS query protocol (2011-06-15,
//! 2010-03-31), Organizations AWS JSON 1.1 (2016-11-28), CloudWatch AWS JSON 1.0 and RPC v2 CBOR (2010-08-01),
//! S3 its own XML (2006-03-01), Service Quotas AWS JSON 1.1 (2019-06-24), Route 53 REST XML (2013-04-01).

use serde_json::{Value, json};

use super::cbor;
use super::message::Request;
use super::message::Response;
use super::refusal::Refusal;
use super::xml::{Xml, escape};
use crate::sandbox::s3::Reply;

/// A service of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::enum_variant_names, reason = "AWS's name of it")]
pub(crate) enum Service {
    Ec2,
    Sts,
    Organizations,
    S3,
    Sns,
    CloudWatch,
    ServiceQuotas,
    Ecr,
    Route53,
}

impl Service {
    /// The service a credential scope names.
    pub(crate) fn from_scope(name: &str) -> Option<Self> {
        match name {
            "ec2" => Some(Self::Ec2),
            "sts" => Some(Self::Sts),
            "organizations" => Some(Self::Organizations),
            "s3" => Some(Self::S3),
            "sns" => Some(Self::Sns),
            "monitoring" => Some(Self::CloudWatch),
            "servicequotas" => Some(Self::ServiceQuotas),
            "ecr" => Some(Self::Ecr),
            "route53" => Some(Self::Route53),
            _ => None,
        }
    }

    /// Its name in a credential scope.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Sts => "sts",
            Self::Organizations => "organizations",
            Self::S3 => "s3",
            Self::Sns => "sns",
            Self::CloudWatch => "monitoring",
            Self::ServiceQuotas => "servicequotas",
            Self::Ecr => "ecr",
            Self::Route53 => "route53",
        }
    }

    /// Its name in IAM actions: the one that differs is CloudWatch's.
    pub(crate) fn prefix(self) -> &'static str {
        if self == Self::CloudWatch { "cloudwatch" } else { self.name() }
    }

    /// The namespace of its XML, for those of the AWS query protocol.
    fn namespace(self) -> Option<&'static str> {
        match self {
            Self::Sts => Some("https://sts.amazonaws.com/doc/2011-06-15/"),
            Self::Sns => Some("http://sns.amazonaws.com/doc/2010-03-31/"),
            Self::Route53 => Some("https://route53.amazonaws.com/doc/2013-04-01/"),
            _ => None,
        }
    }
}

/// What an action answered.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The inside of an XML answer.
    Xml(Xml),
    /// A JSON answer; `Null` is an empty body.
    Json(Value),
    /// S3's answer, which is HTTP's own.
    Object(Reply),
}

/// How an XML document begins.
const PROLOG: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Writes an answer.
pub(crate) fn accept(service: Service, action: &str, answer: Answer, request_id: &str) -> Response {
    match answer {
        Answer::Object(Reply { status, mut headers, body }) => {
            headers.extend(s3_headers(request_id));
            Response { status, headers, body }
        }
        Answer::Json(Value::Null) => json_response(200, String::new(), request_id),
        Answer::Json(value) => json_response(200, value.to_string(), request_id),
        Answer::Xml(xml) => {
            let inside = xml.into_string();
            let text = if service == Service::Route53 {
                let namespace = service.namespace().unwrap_or_default();
                format!(
                    "{PROLOG}<{action}Response xmlns=\"{namespace}\">{inside}</{action}Response>"
                )
            } else if let Some(namespace) = service.namespace() {
                format!(
                    "{PROLOG}<{action}Response xmlns=\"{namespace}\">\
                     <{action}Result>{inside}</{action}Result><ResponseMetadata><RequestId>{request_id}\
                     </RequestId></ResponseMetadata></{action}Response>"
                )
            } else {
                format!(
                    "{PROLOG}<{action}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
                     <requestId>{request_id}</requestId>{inside}</{action}Response>"
                )
            };
            xml_response(200, text, request_id)
        }
    }
}

/// Writes a refusal.
pub(crate) fn refuse(service: Service, refusal: &Refusal, request_id: &str) -> Response {
    let (mut code, mut message) = (String::new(), String::new());
    escape(&mut code, &refusal.code);
    escape(&mut message, &refusal.message);
    match service {
        Service::Organizations | Service::ServiceQuotas | Service::Ecr => {
            let mut body = json!({ "__type": refusal.code, "Message": refusal.message });
            if let Some(reason) = refusal.reason {
                body["Reason"] = json!(reason);
            }
            let mut response = json_response(refusal.status, body.to_string(), request_id);
            response.headers.push(("x-amzn-errortype", refusal.code.to_string()));
            response
        }
        Service::CloudWatch => {
            let body = json!({ "__type": refusal.code, "message": refusal.message });
            let fault = if refusal.status < 500 { "Sender" } else { "Receiver" };
            let mut response = json_response(refusal.status, body.to_string(), request_id);
            let query = format!("{};{fault}", refusal.code);
            response.headers.push(("x-amzn-query-error", query));
            response
        }
        Service::S3 => s3_refusal(refusal, request_id),
        Service::Ec2 => {
            let text = format!(
                "{PROLOG}<Response><Errors><Error><Code>{code}</Code>\
                 <Message>{message}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
            );
            xml_response(refusal.status, text, request_id)
        }
        Service::Sts | Service::Sns | Service::Route53 => {
            let namespace = service.namespace().unwrap_or_default();
            let fault = if refusal.status < 500 { "Sender" } else { "Receiver" };
            let text = format!(
                "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{fault}</Type>\
                 <Code>{code}</Code><Message>{message}</Message></Error><RequestId>{request_id}</RequestId>\
                 </ErrorResponse>"
            );
            xml_response(refusal.status, text, request_id)
        }
    }
}

fn xml_response(status: u16, text: String, request_id: &str) -> Response {
    let headers = vec![
        ("content-type", "text/xml;charset=UTF-8".to_owned()),
        ("x-amzn-requestid", request_id.to_owned()),
        ("server", "SANDBOX".to_owned()),
    ];
    Response { status, headers, body: text.into_bytes() }
}

fn json_response(status: u16, text: String, request_id: &str) -> Response {
    let headers = vec![
        ("content-type", "application/x-amz-json-1.1".to_owned()),
        ("x-amzn-requestid", request_id.to_owned()),
        ("server", "SANDBOX".to_owned()),
    ];
    Response { status, headers, body: text.into_bytes() }
}

fn s3_headers(request_id: &str) -> [(&'static str, String); 3] {
    [
        ("x-amz-request-id", request_id.to_owned()),
        ("x-amz-id-2", format!("sandbox/{request_id}")),
        ("server", "SANDBOX".to_owned()),
    ]
}

/// S3's errors have neither a namespace nor an outer element.
fn s3_refusal(refusal: &Refusal, request_id: &str) -> Response {
    let mut xml = Xml::new();
    xml.element("Error", |xml| {
        xml.leaf("Code", &refusal.code).leaf("Message", &refusal.message);
        for (name, text) in &refusal.details {
            xml.leaf(name, text);
        }
        xml.leaf("RequestId", request_id).leaf("HostId", format!("sandbox/{request_id}"));
    });
    let body = format!("{PROLOG}{}", xml.into_string()).into_bytes();
    let mut headers = vec![("content-type", "application/xml".to_owned())];
    headers.extend(s3_headers(request_id));
    Response { status: refusal.status, headers, body }
}

/// What the request says about the form of the response: RPC v2 CBOR, or no body at all.
pub(crate) fn in_form_of(request: &Request, mut response: Response) -> Response {
    if request.header("smithy-protocol") == Some("rpc-v2-cbor") {
        let value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        response.body = cbor::write(&value);
        response.headers.retain(|(name, _)| *name != "content-type");
        response.headers.push(("content-type", "application/cbor".to_owned()));
        response.headers.push(("smithy-protocol", "rpc-v2-cbor".to_owned()));
    }
    if request.method == "HEAD" {
        response.headers.push(("content-length", response.body.len().to_string()));
    }
    if request.method == "HEAD" || response.status == 304 {
        response.body = Vec::new();
    }
    response
}
