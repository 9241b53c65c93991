//! Every key of accounts.toml: where it stands, what it takes, and an example. What the reader
//! allows, what it says of a wrong type, and the hints for misspelt keys all come from this table.

/// One key of one table.
#[derive(Debug)]
pub(super) struct Key {
    /// The table: `""` is the file itself, `*` stands for a name the operator chooses.
    pub(super) table: &'static str,
    /// The key.
    pub(super) name: &'static str,
    /// What it takes, after "must be".
    pub(super) takes: &'static str,
    /// A line that is right.
    pub(super) example: &'static str,
}

/// The key of this name in this table.
pub(super) fn key(table: &str, name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.table == table && key.name == name)
}

/// Names of all keys of a table, in the order of the reference.
pub(super) fn keys_of(table: &str) -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter(move |key| key.table == table).map(|key| key.name)
}

/// Tables that have a key of this name.
pub(super) fn tables_with(name: &str) -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter(move |key| key.name == name).map(|key| key.table)
}

macro_rules! keys {
    ($($table:literal { $($name:literal: $takes:literal, $example:literal;)* })*) => {
        /// Every key there is.
        pub(super) static KEYS: &[Key] = &[
            $($(Key { table: $table, name: $name, takes: $takes, example: $example },)*)*
        ];
    };
}

keys! {
    "" {
        "deployment": "a string", r#"deployment = "privatelink""#;
        "organization": "a table", "[organization]";
        "accounts": "a table", "[accounts]";
        "network": "a table", "[network]";
        "security_group": "a table", "[security_group]";
        "endpoints": "a table of tables", "[endpoints.ecr]";
        "tags": "a table of strings", r#"tags = { CostCenter = "platform" }"#;
        "name_tag": "a table or false", r#"name_tag = { key = "Name", template = "{service}-endpoint" }"#;
        "rollout": "a table", "[rollout]";
        "protect": "a table", "[protect]";
        "guard": "a table", "[guard]";
        "lock": "a table", "[lock]";
        "override": "a list of tables", "[[override]]";
        "account": "a list of tables", "[[account]]";
        "ignore": "a list of tables", "[[ignore]]";
        "notify": "a table", "[notify]";
    }
    "organization" {
        "id": "a string", r#"id = "o-a1b2c3d4e5""#;
        "role": "a string", r#"role = "OrganizationAccountAccessRole""#;
        "shared_root": "a list of account ids in quotes", r#"shared_root = ["management", "111122223333"]"#;
        "regions": "a list of strings", r#"regions = ["eu-west-1"]"#;
        "external_id": "a string", r#"external_id = "a-shared-secret""#;
        "session_name": "a string", r#"session_name = "linkwalk""#;
        "via": "a list of role ARNs", r#"via = ["arn:aws:iam::222233334444:role/hub"]"#;
        "session_tags": "a table of strings", r#"session_tags = { team = "net" }"#;
        "source_identity": "a string", r#"source_identity = "platform-team""#;
    }
    "accounts" {
        "include": "a list of selectors", r#"include = ["ou:/Workloads/**"]"#;
        "exclude": "a list of selectors", r#"exclude = ["name:*-legacy", "123456789012"]"#;
    }
    "network" {
        "vpcs": "a word, a list of ids or a table of tags", r#"vpcs = "all", vpcs = ["vpc-0a1b2c3d4e5f60718"] or vpcs = { tags = { purpose = "workload" } }"#;
        "subnets": "a word, a list of ids or a table of tags", r#"subnets = "private", subnets = ["subnet-0a1b2c3d4e5f60718"] or subnets = { tags = { tier = "endpoint" } }"#;
        "route_tables": "a word, a list of ids or a table of tags", r#"route_tables = "private", route_tables = ["rtb-0a1b2c3d4e5f60718"] or route_tables = { tags = { tier = "app" } }"#;
        "fix_vpc_dns": "true or false", "fix_vpc_dns = true";
    }
    "security_group" {
        "name": "a string", r#"name = "linkwalk-endpoints""#;
        "ingress": "a list of strings", r#"ingress = ["vpc", "10.0.0.0/8", "pl-0a1b2c3d4e5f60718"]"#;
    }
    "endpoints.*" {
        "service": "a string", r#"service = "s3""#;
        "enabled": "true or false", "enabled = false";
        "type": "a string", r#"type = "interface""#;
        "subnets": "a word, a list of ids or a table of tags", r#"subnets = "private", subnets = ["subnet-0a1b2c3d4e5f60718"] or subnets = { tags = { tier = "endpoint" } }"#;
        "route_tables": "a word, a list of ids or a table of tags", r#"route_tables = "private", route_tables = ["rtb-0a1b2c3d4e5f60718"] or route_tables = { tags = { tier = "app" } }"#;
        "security_groups": "a list of strings", r#"security_groups = ["managed", "sg-0a1b2c3d4e5f60718", "name:shared-endpoints"]"#;
        "private_dns": "true or false", "private_dns = true";
        "ip_address_type": "a string", r#"ip_address_type = "dualstack""#;
        "dns": "a table", r#"dns = { record_ip_type = "ipv4" }"#;
        "policy": "a string or a table", r#"policy = "full", policy = "organization" or policy = { file = "kms.json" }"#;
        "tags": "a table of strings", r#"tags = { CostCenter = "platform" }"#;
        "name": "a string", r#"name = "{service}-endpoint""#;
    }
    "endpoints.*.dns" {
        "record_ip_type": "a string", r#"record_ip_type = "ipv4""#;
        "private_dns_only_for_inbound_resolver": "true or false", "private_dns_only_for_inbound_resolver = true";
    }
    "endpoints.*.policy" {
        "file": "a string", r#"policy = { file = "kms.json" }"#;
    }
    "name_tag" {
        "key": "a string", r#"key = "Name""#;
        "template": "a string", r#"template = "{service}-endpoint""#;
    }
    "selection" {
        "tags": "a table of strings", r#"{ tags = { tier = "endpoint" } }"#;
    }
    "rollout" {
        "max_in_flight": "a whole number", "max_in_flight = 200";
        "endpoint_timeout": "a string", r#"endpoint_timeout = "15m""#;
        "waves": "a list of selectors, lists of selectors or tables", r#"waves = ["ou:/Sandbox/**", { name = "staging", accounts = ["ou:/Staging/**"], bake = "10m" }, "*"]"#;
        "failure_budget": "a whole number or a percentage in quotes", r#"failure_budget = 3 or failure_budget = "5%""#;
        "budget_mode": "a string", r#"budget_mode = "strict""#;
        "bake": "a string", r#"bake = "10m""#;
        "gate": "a string", r#"gate = "./check.sh""#;
        "gate_timeout": "a string", r#"gate_timeout = "1h""#;
    }
    "rollout.waves" {
        "name": "a string", r#"name = "canary""#;
        "accounts": "a list of selectors", r#"accounts = ["ou:/Sandbox/**"]"#;
        "bake": "a string", r#"bake = "10m""#;
        "gate": "a string", r#"gate = "./check.sh""#;
        "failure_budget": "a whole number or a percentage in quotes", r#"failure_budget = 0 or failure_budget = "5%""#;
    }
    "guard" {
        "max_deletes": "a whole number or a percentage in quotes", r#"max_deletes = 5 or max_deletes = "1%""#;
        "max_changes": "a whole number or a percentage in quotes", r#"max_changes = 500 or max_changes = "10%""#;
    }
    "lock" {
        "bucket": "a string", r#"bucket = "s3://my-bucket/linkwalk""#;
        "region": "a string", r#"region = "eu-west-1""#;
    }
    "protect" {
        "accounts": "a list of selectors", r#"accounts = ["ou:/Workloads/Production/**"]"#;
        "tags": "a table of strings", r#"tags = { tier = "production" }"#;
    }
    "override" {
        "accounts": "a list of selectors", r#"accounts = ["ou:/Workloads/Production/**"]"#;
        "regions": "a list of strings", r#"regions = ["eu-west-1"]"#;
        "network": "a table", r#"network.subnets = "private""#;
        "security_group": "a table", r#"security_group.ingress = ["vpc"]"#;
        "endpoints": "a table of tables", "endpoints.kms = { enabled = false }";
        "tags": "a table of strings", r#"tags = { CostCenter = "platform" }"#;
        "name_tag": "a table or false", "name_tag = false";
    }
    "ignore" {
        "kind": "a string or a list of strings", r#"kind = "tags" or kind = ["tags", "foreign"]"#;
        "accounts": "a list of selectors", r#"accounts = ["ou:/Sandbox/**"]"#;
        "regions": "a list of strings", r#"regions = ["eu-west-1"]"#;
        "services": "a list of strings", r#"services = ["logs", "ecr.api"]"#;
        "resources": "a list of ids", r#"resources = ["vpce-0a1b2c3d4e5f60718"]"#;
        "reason": "a string", r#"reason = "the scanner adds its own tag, TICKET-123""#;
        "until": "a date in quotes", r#"until = "2027-01-31""#;
    }
    "notify" {
        "sns_topic": "the ARN of a topic", r#"sns_topic = "arn:aws:sns:eu-west-1:111122223333:network-news""#;
        "webhook_env": "the name of an environment variable", r#"webhook_env = "LINKWALK_WEBHOOK""#;
        "min_severity": "a string", r#"min_severity = "medium""#;
    }
    "account" {
        "id": "an account id in quotes", r#"id = "111122223333""#;
        "name": "a string", r#"name = "payments-prod""#;
        "email": "a string", r#"email = "payments@example.com""#;
        "ou": "a string", r#"ou = "/Workloads/Production""#;
        "tags": "a table of strings", r#"tags = { team = "payments" }"#;
    }
}
