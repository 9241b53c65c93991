//! The three services' protocols: how an answer and a refusal are written.
//!
//! EC2 speaks the EC2 query protocol (API version 2016-11-15), STS the AWS query protocol (2011-06-15),
//! Organizations AWS JSON 1.1 (2016-11-28).

use serde_json::{Value, json};

use super::message::Response;
use super::refusal::Refusal;
use super::xml::{Xml, escape};

/// A service of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    Ec2,
    Sts,
    Organizations,
}

impl Service {
    /// The service a credential scope names.
    pub(crate) fn from_scope(name: &str) -> Option<Self> {
        match name {
            "ec2" => Some(Self::Ec2),
            "sts" => Some(Self::Sts),
            "organizations" => Some(Self::Organizations),
            _ => None,
        }
    }

    /// Its name in a credential scope and in IAM actions.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Sts => "sts",
            Self::Organizations => "organizations",
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
}

/// How an XML document begins.
const PROLOG: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Writes an answer.
pub(crate) fn accept(service: Service, action: &str, answer: Answer, request_id: &str) -> Response {
    match answer {
        Answer::Json(Value::Null) => json_response(200, String::new(), request_id),
        Answer::Json(value) => json_response(200, value.to_string(), request_id),
        Answer::Xml(xml) => {
            let inside = xml.into_string();
            let text = if service == Service::Sts {
                format!(
                    "{PROLOG}<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
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
        Service::Organizations => {
            let mut body = json!({ "__type": refusal.code, "Message": refusal.message });
            if let Some(reason) = refusal.reason {
                body["Reason"] = json!(reason);
            }
            let mut response = json_response(refusal.status, body.to_string(), request_id);
            response.headers.push(("x-amzn-errortype", refusal.code.to_string()));
            response
        }
        Service::Ec2 => {
            let text = format!(
                "{PROLOG}<Response><Errors><Error><Code>{code}</Code>\
                 <Message>{message}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
            );
            xml_response(refusal.status, text, request_id)
        }
        Service::Sts => {
            let fault = if refusal.status < 500 { "Sender" } else { "Receiver" };
            let text = format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>{fault}</Type>\
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
