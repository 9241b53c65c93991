//! What every test stands on: the emulator, an organization in it, and the program run against it.

mod detour;
mod emulator;
mod run;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use linkwalk::aws::{Access, Sessions};
use linkwalk::ids::Region;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) use run::Finished;
pub(crate) use world::{is_mutating, tag};

/// What most tests roll out: three interface endpoints and a gateway in every workload VPC. Four
/// creations are what AWS lets an account do at once, and so what the program does without pausing.
pub(crate) const ACCOUNTS_TOML: &str = r#"
deployment = "privatelink"

[organization]
regions = ["eu-west-1"]

[network]
vpcs = { tags = { purpose = "workload" } }

[endpoints.ecr]
[endpoints.logs]

[tags]
CostCenter = "platform"
"#;

/// Endpoints in one VPC by [`ACCOUNTS_TOML`].
pub(crate) const ENDPOINTS: usize = 4;

/// One call that the program made.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The account whose credentials signed it.
    pub(crate) account: String,
    /// `ec2`, `sts`, `organizations`.
    pub(crate) service: String,
    /// `CreateVpcEndpoint`, ...
    pub(crate) action: String,
    /// The region it was signed for.
    pub(crate) region: String,
    /// The parameters of an EC2 or STS call.
    pub(crate) form: Value,
}

impl Call {
    fn read(call: &Value) -> Self {
        let text = |key: &str| call[key].as_str().unwrap_or_default().to_owned();
        Self {
            account: text("account"),
            service: text("service"),
            action: text("action"),
            region: text("region"),
            form: call["form"].clone(),
        }
    }
}

/// An organization of one test, and a directory with its accounts.toml.
pub(crate) struct Rig {
    made: Value,
    folder: TempDir,
    credentials: (String, String),
}

impl Rig {
    /// Makes an organization; `scripts/emulator/seed.py` says what a plan looks like.
    pub(crate) fn new(plan: &Value) -> Self {
        let made = emulator::post("organizations", plan);
        let key = |name: &str| made["management"][name].as_str().unwrap().to_owned();
        let credentials = (key("access_key_id"), key("secret_access_key"));
        let rig = Self { made, folder: TempDir::new().unwrap(), credentials };
        rig.write(ACCOUNTS_TOML);
        rig
    }

    /// An organization of these accounts, all of them workloads with the usual network.
    pub(crate) fn of(names: &[&str]) -> Self {
        let accounts: Vec<Value> =
            names.iter().map(|name| json!({ "name": name, "ou": "/Workloads/Staging" })).collect();
        Self::new(&json!({ "accounts": accounts }))
    }

    /// Replaces accounts.toml.
    pub(crate) fn write(&self, accounts_toml: &str) {
        fs::write(self.file("accounts.toml"), accounts_toml).unwrap();
    }

    /// Adds to accounts.toml.
    pub(crate) fn add(&self, toml: &str) {
        let file = self.file("accounts.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, text + "\n" + toml).unwrap();
    }

    /// A path in the test's own directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The directory the program is run in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Uses another account's user from here on, one who may do everything there.
    pub(crate) fn log_in_as(&mut self, account: &str) {
        let keys = emulator::post("keys", &json!({ "account": account }));
        let key = |name: &str| keys[name].as_str().unwrap().to_owned();
        self.credentials = (key("access_key_id"), key("secret_access_key"));
    }

    /// Uses these keys from here on.
    pub(crate) fn log_in_with(&mut self, access_key_id: &str, secret_access_key: &str) {
        self.credentials = (access_key_id.to_owned(), secret_access_key.to_owned());
    }

    /// The secret half of the credentials.
    pub(crate) fn secret_access_key(&self) -> &str {
        &self.credentials.1
    }

    /// The management account's id.
    pub(crate) fn management(&self) -> &str {
        self.made["management"]["id"].as_str().unwrap()
    }

    /// The id of the root or of an organizational unit, by its path.
    pub(crate) fn unit(&self, path: &str) -> &str {
        self.made["units"][path].as_str().unwrap()
    }

    /// A member's id, by its name.
    pub(crate) fn account(&self, name: &str) -> &str {
        self.member(name)["id"].as_str().unwrap()
    }

    /// The ids of all members.
    pub(crate) fn members(&self) -> Vec<&str> {
        let accounts = self.made["accounts"].as_array().unwrap();
        accounts.iter().map(|account| account["id"].as_str().unwrap()).collect()
    }

    /// A member's first network as it was made: `id`, `cidr`, `private`, `public`, `route_tables`,
    /// `foreign`.
    pub(crate) fn network(&self, name: &str) -> &Value {
        &self.member(name)["vpcs"][0]
    }

    /// The account, which must be of this organization: another one is another test's.
    fn ours<'a>(&self, account: &'a str) -> &'a str {
        assert!(account == self.management() || self.members().contains(&account), "{account}");
        account
    }

    fn member(&self, name: &str) -> &Value {
        let accounts = self.made["accounts"].as_array().unwrap();
        accounts.iter().find(|account| account["name"] == name).unwrap()
    }

    /// A change or a look by hand, past the program: one call of EC2 in the terms of boto3.
    pub(crate) fn by_hand(&self, account: &str, call: &str, arguments: &Value) -> Value {
        self.by_hand_in(account, "eu-west-1", call, arguments)
    }

    /// The same in another region.
    pub(crate) fn by_hand_in(
        &self,
        account: &str,
        region: &str,
        call: &str,
        arguments: &Value,
    ) -> Value {
        let request = json!({ "account": self.ours(account), "region": region, "call": call,
                              "arguments": arguments });
        emulator::post("boto3", &request)
    }

    /// Something done in another service, as the management account.
    pub(crate) fn in_service(&self, service: &str, call: &str, arguments: &Value) -> Value {
        let request = json!({ "account": self.management(), "region": "eu-west-1",
                              "service": service, "call": call, "arguments": arguments });
        emulator::post("boto3", &request)
    }

    /// Something done in another service of a member.
    pub(crate) fn in_account(
        &self,
        account: &str,
        service: &str,
        call: &str,
        arguments: &Value,
    ) -> Value {
        let request = json!({ "account": self.ours(account), "region": "eu-west-1",
                              "service": service, "call": call, "arguments": arguments });
        emulator::post("boto3", &request)
    }

    /// Sessions of the library itself, in the emulator.
    pub(crate) fn sessions(&self) -> Sessions {
        let access = Access {
            partition: "aws",
            home_region: Region::from("eu-west-1"),
            role: "OrganizationAccountAccessRole".to_owned(),
            external_id: None,
            session_name: "linkwalk".to_owned(),
            session_tags: BTreeMap::new(),
            source_identity: None,
            via: Vec::new(),
        };
        Sessions::in_process(
            detour::client(emulator::address()),
            self.credentials.clone(),
            1.0,
            access,
        )
    }

    /// Something done in Organizations, as the management account.
    pub(crate) fn in_organization(&self, call: &str, arguments: &Value) -> Value {
        let request = json!({ "account": self.management(), "service": "organizations",
                              "call": call, "arguments": arguments });
        emulator::post("boto3", &request)
    }

    /// Changes the role in a member: `delete`, `policy` or `trust`.
    pub(crate) fn change_role(&self, account: &str, change: &Value) {
        let mut change = change.clone();
        change["account"] = self.ours(account).into();
        emulator::post("role", &change);
    }

    /// Has the calls of one account with this action (a glob) answered with an error.
    pub(crate) fn refuse(&self, account: &str, action: &str, code: &str, message: &str) {
        let fault = json!({ "account": self.ours(account), "action": action, "code": code,
                            "message": message, "status": 400 });
        emulator::post("faults", &fault);
    }

    /// Has one call of an account with this action answered with an error that passes.
    pub(crate) fn stumble(&self, account: &str, action: &str, code: &str) {
        let fault = json!({ "account": self.ours(account), "action": action, "code": code,
                            "message": "try again", "status": 503, "times": 1 });
        emulator::post("faults", &fault);
    }

    /// Has one call of an account with this action done, and its answer lost.
    pub(crate) fn lose_answer(&self, account: &str, action: &str) {
        let fault = json!({ "account": self.ours(account), "action": action, "code": "Unavailable",
                            "message": "lost", "status": 503, "times": 1, "lose": true });
        emulator::post("faults", &fault);
    }

    /// How an account's endpoints come to be: `pending`, `born`, `error`; serve.py says more.
    pub(crate) fn endpoints_come(&self, account: &str, how: &Value) {
        let mut how = how.clone();
        how["account"] = self.ours(account).into();
        emulator::post("endpoints", &how);
    }

    /// Keeps the calls of one account with this action waiting, until [`Rig::release`].
    pub(crate) fn hold(&self, account: &str, action: &str) {
        let fault = json!({ "account": self.ours(account), "action": action, "hold": true });
        emulator::post("faults", &fault);
    }

    /// Ends what [`Rig::refuse`] and [`Rig::hold`] began.
    pub(crate) fn release(&self, account: &str) {
        emulator::delete("faults", &json!({ "account": self.ours(account) }));
    }

    /// Returns once the program has made such a call.
    pub(crate) fn wait_for(&self, account: &str, action: &str) {
        emulator::post("await", &json!({ "account": self.ours(account), "action": action }));
    }

    /// How many calls the emulator has seen so far, of anyone.
    fn mark() -> usize {
        usize::try_from(emulator::get("mark").as_u64().unwrap()).unwrap()
    }

    /// What was called in this organization since `mark`, in order.
    fn calls_since(&self, mark: usize) -> Vec<Call> {
        let mut ours: BTreeSet<&str> = self.members().into_iter().collect();
        ours.insert(self.management());
        let calls = emulator::get(&format!("calls?after={mark}"));
        let calls = calls.as_array().unwrap().iter().map(Call::read);
        calls.filter(|call| ours.contains(call.account.as_str())).collect()
    }
}
