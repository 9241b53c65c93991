//! What every table and key of accounts.toml means and takes, for the schema. The reference in
//! docs/accounts-toml.md says it at more length.

/// One key of one table.
#[derive(Debug)]
pub(super) struct Said {
    /// The table, as in the reader's own table of keys.
    pub(super) table: &'static str,
    /// The key.
    pub(super) key: &'static str,
    /// What it takes: the name of a definition, or a schema.
    pub(super) takes: &'static str,
    /// What holds without it, as JSON.
    pub(super) default: Option<&'static str>,
    /// What it means.
    pub(super) about: &'static str,
}

/// What is said of a key.
pub(super) fn of_key(table: &str, key: &str) -> Option<&'static Said> {
    KEYS.iter().find(|said| said.table == table && said.key == key)
}

/// What a table is for.
pub(super) fn of_table(table: &str) -> &'static str {
    match table {
        "" => "accounts.toml: what linkwalk should do, in one file.",
        "organization" => "How to reach the organization and its accounts.",
        "accounts" => "Who is a consumer; without it every ACTIVE member but the shared root.",
        "network" => "Where, inside an account.",
        "security_group" => "The group that linkwalk makes and keeps right.",
        "endpoints" => {
            "What: a table for each bundle, service's short name, full name in quotes, or name of your own \
             with a `service` key."
        }
        "endpoints.*" => "One service or bundle.",
        "endpoints.*.dns" => "What is said of the endpoint's DNS records.",
        "endpoints.*.policy" => "A policy in a file of its own.",
        "name_tag" => "How endpoints are named.",
        "selection" => "Those with tags.",
        "rollout" => "How many at once, in which order, and how much may go wrong.",
        "rollout.waves" => "A wave with what is its own.",
        "guard" => "Caps: a plan that goes beyond one is refused before anybody is asked.",
        "lock" => "Where runs of one deployment on different machines exclude each other.",
        "protect" => "What is never deleted for good.",
        "override" => "Differences for some accounts or regions.",
        "ignore" => "Findings of the audit that are accepted for a while.",
        "notify" => "Who is told when the audit has news.",
        "account" => "An account of the organization, where it cannot be read.",
        _ => "",
    }
}

macro_rules! says {
    ($($table:literal { $($key:literal: $takes:literal $(or $default:literal)?, $about:literal;)* })*) => {
        /// Every key.
        pub(super) static KEYS: &[Said] = &[$($(Said {
            table: $table,
            key: $key,
            takes: $takes,
            default: says!(@ $($default)?),
            about: $about,
        },)*)*];
    };
    (@ $default:literal) => { Some($default) };
    (@) => { None };
}

says! {
    "" {
        "deployment": r#"{"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9._-]+$"}"#,
            "Owner of all that is made: the value of the tag linkwalk:deployment. Two files with different names never touch each other's resources.";
        "organization": "organization", "How to reach the organization and its accounts.";
        "accounts": "accounts", "Who is a consumer; without it every ACTIVE member but the shared root.";
        "network": "network", "Where, inside an account.";
        "security_group": "security_group", "The group that linkwalk makes and keeps right.";
        "endpoints": "endpoints", "What each account should have: a table for each service or bundle.";
        "tags": "string_tags", "Tags on everything that is made.";
        "name_tag": "naming", "How endpoints are named; false leaves them unnamed.";
        "rollout": "rollout", "How many at once, in which order, and how much may go wrong.";
        "protect": "protect", "What is never deleted for good.";
        "guard": "guard", "Caps: a plan that goes beyond one is refused before anybody is asked.";
        "lock": "lock", "One run at a time, on every machine that can reach the bucket.";
        "override": r##"{"type": "array", "items": {"$ref": "#/$defs/override"}}"##, "Differences for some accounts or regions; later ones win.";
        "account": r##"{"type": "array", "items": {"$ref": "#/$defs/account"}}"##, "The organization's accounts, where Organizations cannot be read.";
        "ignore": r##"{"type": "array", "items": {"$ref": "#/$defs/ignore"}}"##, "Findings of the audit that are accepted for a while.";
        "notify": "notify", "Who is told when the audit has news.";
    }
    "organization" {
        "id": r#"{"type": "string", "pattern": "^o-[a-z0-9]{10,32}$"}"#,
            "The organization's id, for policy = \"organization\" where Organizations cannot be read.";
        "role": r#"{"type": "string", "pattern": "^/?([!-~]{1,510}/)?[A-Za-z0-9_+=,.@-]{1,64}$", "not": {"pattern": "^arn:"}}"# or r#""OrganizationAccountAccessRole""#,
            "Name of the role that is assumed in every consumer account, with its path if it has one; not an ARN.";
        "shared_root": r##"{"type": "array", "items": {"anyOf": [{"type": "string", "const": "management"}, {"$ref": "#/$defs/account_id"}]}}"## or "[]",
            "Accounts that are never touched. The management account is always one of them.";
        "regions": "regions", "Regions of the shared resources; endpoints are made there. All of one partition.";
        "external_id": r#"{"type": "string", "minLength": 2, "maxLength": 1224, "pattern": "^[A-Za-z0-9_+=,.@:/-]+$"}"#,
            "Sent when the role is assumed.";
        "session_name": r#"{"type": "string", "minLength": 2, "maxLength": 64, "pattern": "^[A-Za-z0-9_+=,.@-]+$"}"# or r#""linkwalk""#,
            "Seen in the accounts' CloudTrail.";
        "via": r#"{"type": "array", "minItems": 1, "uniqueItems": true, "items": {"type": "string", "pattern": "^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$"}}"#,
            "ARNs of roles that are assumed before the role, in this order. A session made this way lasts an hour and is renewed.";
        "session_tags": r##"{"type": "object", "maxProperties": 50, "additionalProperties": {"type": "string", "maxLength": 256, "pattern": "^[^!\"#$%&'()*,;<>?\\[\\]\\\\^`{|}~]*$"}}"##,
            "Session tags; the trust policy must allow sts:TagSession.";
        "source_identity": r#"{"type": "string", "minLength": 2, "maxLength": 64, "pattern": "^[A-Za-z0-9_+=,.@-]+$"}"#,
            "The trust policy must allow sts:SetSourceIdentity.";
    }
    "accounts" {
        "include": "selectors", "Consumers; without it every ACTIVE member.";
        "exclude": r##"{"type": "array", "items": {"$ref": "#/$defs/selector"}}"## or "[]", "Kept out, whatever include says.";
    }
    "network" {
        "vpcs": "vpcs" or r#""non-default""#, "VPCs that get endpoints: a word, a list of ids, or tags.";
        "subnets": "subnets" or r#""private""#, "Where network interfaces may go: a word, a list of ids, or tags. One subnet per zone is used. Private: no default route to an internet gateway.";
        "fix_vpc_dns": r#"{"type": "boolean"}"# or "false", "Whether plans may turn on the DNS attributes of VPCs that private DNS needs, as an action of its own.";
        "route_tables": "route_tables" or r#""private""#, "Where routes of gateway endpoints go: a word, a list of ids, or tags.";
    }
    "security_group" {
        "name": r#"{"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9 ._\\-:/()#,@\\[\\]+=&;{}!$*]+$", "not": {"pattern": "^(sg-.*|default| .*|.* )$"}}"# or r#""linkwalk-endpoints""#,
            "One group of this name per VPC.";
        "ingress": "ingress" or r#"["vpc"]"#, "Who may reach 443/tcp: \"vpc\" (every CIDR of the VPC, secondary and IPv6 too), CIDRs, prefix lists.";
    }
    "endpoints.*" {
        "service": "service", "One service, by its short or its full name; {region} in a full name is filled in. The table's own name if absent.";
        "enabled": r#"{"type": "boolean"}"# or "true", "false takes it out, also out of a bundle.";
        "type": r#"{"type": "string", "enum": ["gateway", "interface", "gateway-load-balancer"]}"#, "The service's own if absent; gateway for s3 and dynamodb.";
        "subnets": "subnets", "Instead of network.subnets: interface and Gateway Load Balancer endpoints.";
        "route_tables": "route_tables", "Instead of network.route_tables: gateway endpoints.";
        "security_groups": "security_groups" or r#"["managed"]"#, "Interface endpoints: \"managed\" (linkwalk's own group), ids, \"name:NAME\".";
        "private_dns": r#"{"type": "boolean"}"#, "Interface endpoints; on where the service has a private DNS name.";
        "ip_address_type": r#"{"type": "string", "enum": ["ipv4", "dualstack", "ipv6"]}"#, "AWS's own choice if absent.";
        "dns": "dns", "What is said of the endpoint's DNS records.";
        "policy": "policies" or r#""full""#, "\"full\", \"organization\" (the data perimeter), or { file = \"kms.json\" }, relative to the folder of accounts.toml.";
        "tags": "string_tags", "Besides the common ones.";
        "name": "template", "This endpoint's own name.";
    }
    "endpoints.*.dns" {
        "record_ip_type": r#"{"type": "string", "enum": ["ipv4", "dualstack", "ipv6", "service-defined"]}"#, "Which addresses the endpoint's DNS names lead to.";
        "private_dns_only_for_inbound_resolver": r#"{"type": "boolean"}"#, "S3 interface endpoints only.";
    }
    "endpoints.*.policy" {
        "file": r#"{"type": "string", "minLength": 1}"#, "A JSON file, relative to the folder of accounts.toml.";
    }
    "name_tag" {
        "key": r#"{"type": "string", "minLength": 1, "maxLength": 128, "not": {"pattern": "^([aA][wW][sS]|[lL][iI][nN][kK][wW][aA][lL][kK]):"}}"# or r#""Name""#, "The tag that names an endpoint.";
        "template": "template" or r#""{service}-endpoint""#, "Its value.";
    }
    "selection" {
        "tags": "globs", "All of them must match.";
    }
    "rollout" {
        "max_in_flight": r#"{"type": "integer", "minimum": 1, "maximum": 1000}"# or "200", "Targets being changed at one time.";
        "endpoint_timeout": "time" or r#""15m""#, "How long an endpoint may take to become available, 1 second to 1 day.";
        "waves": "waves", "Which accounts come first: selectors, lists of selectors, tables. An account belongs to the first wave that names it; those that none names come last.";
        "failure_budget": "share", "How many targets of the whole run may fail before nothing new is started; any number if absent.";
        "budget_mode": r#"{"type": "string", "enum": ["strict", "soft"]}"# or r#""strict""#, "strict starts no more targets at a time than the budget has left, and one; soft may overshoot by what is in flight.";
        "bake": "time" or r#""0s""#, "How long to wait after a wave that changed something, up to 7 days.";
        "gate_timeout": "time" or r#""1h""#, "How long each gate may take, up to 7 days; one that takes longer has not passed.";
        "gate": "gate_command", "Run after a wave that changed something; the next one begins only if it succeeds.";
    }
    "rollout.waves" {
        "name": r#"{"type": "string", "minLength": 1, "maxLength": 64, "not": {"pattern": "^([0-9]+|the rest| .*|.* )$"}}"#, "What it is called, in the plan and for --wave; its selectors if absent.";
        "accounts": "selectors", "Its accounts.";
        "bake": "time", "Instead of rollout.bake, after this wave.";
        "gate": "gate_command", "Instead of rollout.gate, after this wave.";
        "failure_budget": "share", "How many of its own targets may fail. The budget of the run holds besides.";
    }
    "guard" {
        "max_deletes": "share", "A count is of resources that are deleted, a share of targets in which something is.";
        "max_changes": "share", "A count is of resources that are created, changed or deleted, a share of targets in which one is.";
    }
    "lock" {
        "bucket": r#"{"type": "string", "pattern": "^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[!-~]{0,512})?$"}"#, "s3://BUCKET or s3://BUCKET/PREFIX; the lock is the object PREFIX/DEPLOYMENT.lock.json.";
        "region": "region", "Where the bucket is; the first of organization.regions if absent.";
    }
    "protect" {
        "accounts": "selectors", "destroy touches nothing in these accounts.";
        "tags": "globs", "Endpoints and security groups with one of these tags, or in a VPC with one, stay.";
    }
    "override" {
        "accounts": "selectors", "Accounts it applies to; without it all.";
        "regions": "regions", "Regions it applies in; without it all.";
        "network": "network", "What differs.";
        "security_group": "security_group", "What differs.";
        "endpoints": r##"{"type": "object", "additionalProperties": {"$ref": "#/$defs/endpoint"}}"##, "What differs; new tables are allowed.";
        "tags": "string_tags", "Tags besides those of the base.";
        "name_tag": "naming", "What differs; false leaves endpoints unnamed.";
    }
    "ignore" {
        "kind": "finding_kinds", "Which kinds of finding.";
        "accounts": "selectors", "In which accounts; without it all.";
        "regions": "regions", "In which regions; without it all.";
        "services": r#"{"type": "array", "minItems": 1, "uniqueItems": true, "items": {"type": "string", "pattern": "[^ ]"}}"#, "Of which services, by the short name that the finding has, or which security groups; without it all.";
        "resources": r#"{"type": "array", "minItems": 1, "uniqueItems": true, "items": {"type": "string", "pattern": "^(vpce|sg|vpc)-[0-9a-f]{8,17}$"}}"#, "Of which endpoints, security groups or VPCs; without it all.";
        "reason": r#"{"type": "string", "pattern": "[^ ]"}"#, "Why, for whoever reads it in a year.";
        "until": r#"{"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}"#, "The last day, in UTC, on which the rule counts.";
    }
    "notify" {
        "sns_topic": r#"{"type": "string", "pattern": "^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$"}"#, "The ARN of a standard SNS topic.";
        "webhook_env": r#"{"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,127}$"}"#, "The name of the environment variable that holds a webhook's URL; never the URL itself.";
        "min_severity": r#"{"type": "string", "enum": ["high", "medium", "low", "info"]}"# or r#""low""#, "Changes of findings that matter less are no news.";
    }
    "account" {
        "id": "account_id", "The account.";
        "name": r#"{"type": "string"}"#, "The id if absent.";
        "email": r#"{"type": "string"}"#, "For selectors by email.";
        "ou": r#"{"type": "string", "pattern": "^(/|(/[^/]+)+)$"}"# or r#""/""#, "Path of its unit, from the root.";
        "tags": r#"{"type": "object", "additionalProperties": {"type": "string"}}"#, "The account's tags, for selectors by tag.";
    }
}
