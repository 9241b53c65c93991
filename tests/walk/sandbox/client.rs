//! A client for tests: it says what it wants, and keeps answers as text.

use std::time::Duration;

use serde_json::Value;

use linkwalk::sandbox::{Options, Request, Sandbox, World};

/// The region of all tests.
pub(crate) const REGION: &str = "eu-west-1";

/// Options of a sandbox that begins at a fixed moment and takes any signature.
pub(crate) fn options() -> Options {
    let started = "2026-11-22T10:00:00Z".parse().expect("a timestamp");
    Options { verify_signatures: false, ..Options::at(started) }
}

/// A sandbox over a scenario without management table.
pub(crate) fn sandbox(scenario: &str) -> Sandbox {
    Sandbox::new(world(scenario), options())
}

/// The world of a scenario without its first lines.
pub(crate) fn world(scenario: &str) -> World {
    let text = format!("format = 1\nseed = 3\n{scenario}");
    World::from_scenario(&text).expect("a scenario")
}

/// A scenario with one account, `alpha`, and one VPC.
pub(crate) const PLAIN: &str = r#"
[organization]

[[account]]
name = "alpha"
id = "222233334444"
vpc = [{ name = "main", cidrs = ["10.0.0.0/16"], tags = { purpose = "workload" } }]
"#;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub status: u16,
    pub code: String,
    pub message: String,
}

/// An XML answer, searched by tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doc(pub String);

impl Doc {
    /// The texts of all elements with this name.
    pub(crate) fn all(&self, tag: &str) -> Vec<String> {
        let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
        let parts = self.0.split(&open).skip(1);
        parts.filter_map(|part| Some(part.split(&close).next()?.to_owned())).collect()
    }

    /// The text of the first.
    pub(crate) fn one(&self, tag: &str) -> String {
        self.all(tag).into_iter().next().unwrap_or_else(|| panic!("no {tag} in {}", self.0))
    }
}

/// A client with keys.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub sandbox: Sandbox,
    pub key: String,
    pub token: Option<String>,
    pub region: String,
}

impl Client {
    /// The operator of an account.
    pub(crate) fn operator(sandbox: &Sandbox, account: &str) -> Self {
        let (key, _) = Sandbox::credentials(account);
        Self { sandbox: sandbox.clone(), key, token: None, region: REGION.to_owned() }
    }

    /// The operator of `alpha`.
    pub(crate) fn alpha(sandbox: &Sandbox) -> Self {
        Self::operator(sandbox, "222233334444")
    }

    /// The operator of the management account.
    pub(crate) fn management(sandbox: &Sandbox) -> Self {
        Self::operator(sandbox, "111122223333")
    }

    /// A session of the usual role in an account.
    pub(crate) fn assume(&self, account: &str) -> Result<Self, Refused> {
        let arn = format!("arn:aws:iam::{account}:role/OrganizationAccountAccessRole");
        let answer = self.sts("AssumeRole", &[("RoleArn", &arn), ("RoleSessionName", "test")])?;
        Ok(self.session(&answer))
    }

    /// A client with the credentials in an answer of `AssumeRole`.
    pub(crate) fn session(&self, answer: &Doc) -> Self {
        let (key, token) = (answer.one("AccessKeyId"), Some(answer.one("SessionToken")));
        Self { key, token, ..self.clone() }
    }

    /// The same in another region.
    pub(crate) fn in_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }

    /// An EC2 call.
    pub(crate) fn ec2(&self, action: &str, parameters: &[(&str, &str)]) -> Result<Doc, Refused> {
        self.query("ec2", "2016-11-15", action, parameters)
    }

    /// An EC2 call that must succeed.
    pub(crate) fn must(&self, action: &str, parameters: &[(&str, &str)]) -> Doc {
        self.ec2(action, parameters).unwrap_or_else(|refused| panic!("{action}: {refused:?}"))
    }

    /// The code with which an EC2 call is refused.
    pub(crate) fn code(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        self.refused(action, parameters).code
    }

    /// The refusal of an EC2 call that must not succeed.
    pub(crate) fn refused(&self, action: &str, parameters: &[(&str, &str)]) -> Refused {
        self.ec2(action, parameters).expect_err(action)
    }

    /// An STS call.
    pub(crate) fn sts(&self, action: &str, parameters: &[(&str, &str)]) -> Result<Doc, Refused> {
        self.query("sts", "2011-06-15", action, parameters)
    }

    /// An SNS call.
    pub(crate) fn sns(&self, action: &str, parameters: &[(&str, &str)]) -> Result<Doc, Refused> {
        self.query("sns", "2010-03-31", action, parameters)
    }

    /// An Organizations call.
    pub(crate) fn organizations(&self, action: &str, body: &Value) -> Result<Value, Refused> {
        let mut request = self.request("organizations", body.to_string().into_bytes());
        let target = format!("AWSOrganizationsV20161128.{action}");
        request.headers.push(("x-amz-target".to_owned(), target));
        let response = self.sandbox.handle(&request).expect("an answer");
        let text = String::from_utf8(response.body).expect("text");
        if response.status == 200 {
            return Ok(serde_json::from_str(&text).unwrap_or(Value::Null));
        }
        let body: Value = serde_json::from_str(&text).expect("JSON");
        let part = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        Err(Refused { status: response.status, code: part("__type"), message: part("Message") })
    }

    /// A request with a made-up signature.
    pub(crate) fn request(&self, service: &str, body: Vec<u8>) -> Request {
        let Self { key, region, .. } = self;
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={key}/20261122/{region}/{service}/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=0"
        );
        let mut headers = vec![
            ("host".to_owned(), "localhost".to_owned()),
            ("x-amz-date".to_owned(), "20261122T100000Z".to_owned()),
            ("authorization".to_owned(), authorization),
        ];
        headers.extend(self.token.clone().map(|token| ("x-amz-security-token".to_owned(), token)));
        Request { method: "POST".to_owned(), target: "/".to_owned(), headers, body }
    }

    fn query(
        &self,
        service: &str,
        version: &str,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Doc, Refused> {
        let mut body = format!("Action={action}&Version={version}");
        for (key, value) in parameters {
            let value =
                percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            body = format!("{body}&{key}={value}");
        }
        let request = self.request(service, body.into_bytes());
        let response = self.sandbox.handle(&request).expect("an answer");
        let doc = Doc(String::from_utf8(response.body).expect("text"));
        if response.status == 200 {
            return Ok(doc);
        }
        Err(Refused { status: response.status, code: doc.one("Code"), message: doc.one("Message") })
    }
}

/// What tests need to know of `alpha`'s VPC.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub vpc: String,
    /// The private subnets, each in another zone.
    pub private: Vec<String>,
    pub public: Vec<String>,
    /// The route tables of the private subnets.
    pub tables: Vec<String>,
    pub group: String,
}

impl Site {
    /// Looks around and makes a security group.
    pub(crate) fn of(client: &Client) -> Self {
        let vpcs = client.must(
            "DescribeVpcs",
            &[("Filter.1.Name", "tag:purpose"), ("Filter.1.Value.1", "workload")],
        );
        let vpc = vpcs.one("vpcId");
        let tier = |tier: &str| {
            let filter = [("Filter.1.Name", "tag:tier"), ("Filter.1.Value.1", tier)];
            client.must("DescribeSubnets", &filter).all("subnetId")
        };
        let tables = [("Filter.1.Name", "route.nat-gateway-id"), ("Filter.1.Value.1", "nat-*")];
        let tables = client.must("DescribeRouteTables", &tables);
        let mut tables = tables.all("routeTableId");
        tables.sort();
        tables.dedup();
        let group = [("GroupName", "endpoints"), ("GroupDescription", "x"), ("VpcId", &vpc)];
        let group = client.must("CreateSecurityGroup", &group).one("groupId");
        Self { vpc, private: tier("private"), public: tier("public"), tables, group }
    }

    /// The parameters of an interface endpoint in all private subnets.
    pub(crate) fn interface<'a>(&'a self, service: &'a str) -> Vec<(&'a str, &'a str)> {
        let mut parameters = vec![
            ("VpcId", self.vpc.as_str()),
            ("VpcEndpointType", "Interface"),
            ("ServiceName", service),
            ("PrivateDnsEnabled", "true"),
            ("SecurityGroupId.1", &self.group),
        ];
        let names = ["SubnetId.1", "SubnetId.2", "SubnetId.3"];
        parameters.extend(names.into_iter().zip(self.private.iter().map(String::as_str)));
        parameters
    }
}

/// Lets simulated time pass (the clock is paused).
pub(crate) async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

/// The full name of a service.
pub(crate) fn service(short: &str) -> String {
    format!("com.amazonaws.{REGION}.{short}")
}
