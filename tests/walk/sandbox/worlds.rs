//! Worlds: scenarios, generated ones, files, and breaking them.

use super::client::{Client, PLAIN, Site, options, pass, sandbox, service, world};
use linkwalk::sandbox::{Breakage, DEMO, Generated, SCENARIO_SCHEMA, Sandbox, StoreError, World};

fn complaint(text: &str) -> String {
    World::from_scenario(text).unwrap_err().to_string()
}

#[test]
fn a_broken_scenario_is_told_with_its_line() {
    let unknown = complaint("format = 1\n[[account]]\nname = \"a\"\ncolour = \"red\"\n");
    assert!(unknown.contains("line 4") && unknown.contains("colour"), "{unknown}");
    assert!(complaint("format = 1\n[[account]\n").contains("line 2"));
    assert!(complaint("").contains("format"));
    assert!(complaint("format = 9").contains("format 1, not 9"));
}

#[test]
fn a_scenario_that_cannot_be_is_told_in_its_own_names() {
    let account = |rest: &str| {
        complaint(&format!("format = 1\n[organization]\n[[account]]\nname = \"a\"\n{rest}"))
    };
    assert!(account("id = \"12\"").contains("twelve digits"));
    assert!(account("[[account]]\nname = \"a\"").contains("two accounts are named `a`"));
    assert!(account("unit = \"Workloads\"").contains("begins with `/`"));
    assert!(account("vpc = [{ cidrs = [\"10.0.0.0/8\"] }]").contains("vpc `main`"));
    assert!(account("vpc = [{ region = \"moon-1\" }]").contains("no region `moon-1`"));
    assert!(
        account("vpc = [{ endpoint = [{ service = \"nothing\" }] }]")
            .contains("no service `nothing`")
    );
    assert!(
        account("[[policy]]\nid = \"p-1\"\ntarget = \"b\"\ndeny = []").contains("no account `b`")
    );
    assert!(
        account("[[service]]\nname = \"logs\"\nzones = [\"euw1-az9\"]")
            .contains("no zone `euw1-az9`")
    );
}

#[test]
fn the_demo_is_an_organization_of_a_dozen_accounts() {
    let world = World::from_scenario(DEMO).unwrap();
    assert_eq!((world.accounts().count(), world.home()), (15, "eu-west-1"));
    assert_eq!(world.account_named("shop-staging"), Some("222200000001"));
}

#[tokio::test(start_paused = true)]
async fn zone_names_differ_between_accounts_and_zone_ids_do_not() {
    let sandbox = Sandbox::new(Generated::plain(12, 1).world().unwrap(), options());
    let mut orders = std::collections::BTreeSet::new();
    for id in sandbox.world().accounts() {
        let answer = Client::operator(&sandbox, id).must("DescribeAvailabilityZones", &[]);
        assert_eq!(answer.all("zoneName"), ["eu-west-1a", "eu-west-1b", "eu-west-1c"]);
        let order = answer.all("zoneId");
        let mut ids = order.clone();
        ids.sort();
        assert_eq!(ids, ["euw1-az1", "euw1-az2", "euw1-az3"]);
        orders.insert(order);
    }
    assert!(orders.len() > 2);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_and_calls_give_the_same_bytes() {
    let run = |seed| {
        let world = Generated { odd: 0.5, ..Generated::plain(20, seed) }.world().unwrap();
        let sandbox = Sandbox::new(world, options());
        let mut text = String::new();
        let ids: Vec<_> = sandbox.world().accounts().map(str::to_owned).collect();
        for id in ids {
            let client = Client::operator(&sandbox, &id);
            for action in
                ["DescribeVpcs", "DescribeSubnets", "DescribeVpcEndpoints", "DescribeRouteTables"]
            {
                match client.ec2(action, &[]) {
                    Ok(answer) => text.push_str(&answer.0),
                    Err(refused) => text.push_str(&refused.code),
                }
            }
        }
        text
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[tokio::test(start_paused = true)]
async fn a_world_goes_on_where_it_was_saved() {
    let folder = std::env::temp_dir().join(format!("sandbox-{}", std::process::id()));
    let path = folder.join("world.json");
    let first = sandbox(PLAIN);
    let client = Client::alpha(&first);
    let site = Site::of(&client);
    let id =
        client.must("CreateVpcEndpoint", &site.interface(&service("logs"))).one("vpcEndpointId");
    let session = Client::management(&first).assume("222233334444").unwrap();
    pass(600).await;
    first.world().save(&path).unwrap();
    let second = Sandbox::new(World::load(&path).unwrap(), options());
    let found = Client { sandbox: second.clone(), ..client }.must("DescribeVpcEndpoints", &[]);
    assert_eq!((found.one("vpcEndpointId"), found.one("state")), (id, "available".to_owned()));
    Client { sandbox: second, ..session }.must("DescribeVpcs", &[]);

    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"format\":1", "\"format\":77", 1)).unwrap();
    let other = World::load(&path).unwrap_err();
    assert!(matches!(other, StoreError::OtherFormat(_, 77)), "{other}");
    std::fs::write(&path, "{").unwrap();
    assert!(matches!(World::load(&path).unwrap_err(), StoreError::NotAWorld(..)));
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(matches!(World::load(&path).unwrap_err(), StoreError::Io(..)));
}

const OWNED: (&str, &str) = ("linkwalk:deployment", "privatelink");

#[tokio::test(start_paused = true)]
async fn only_what_a_deployment_made_can_be_broken_and_in_every_way() {
    let plain = sandbox(PLAIN);
    assert_eq!(plain.break_something(1, OWNED), None);
    for way in Breakage::ALL {
        let sandbox = Sandbox::new(World::from_scenario(DEMO).unwrap(), options());
        let before = serde_json::to_string(&sandbox.world()).unwrap();
        let told = sandbox.break_named(Some(way), 1, OWNED).unwrap();
        assert!(told.starts_with("222200000007 (orders-staging) eu-west-1: "), "{told}");
        assert_ne!(serde_json::to_string(&sandbox.world()).unwrap(), before);
        assert_eq!(Breakage::named(way.name()), Some(way));
    }
}

#[tokio::test(start_paused = true)]
async fn the_odd_share_makes_odd_accounts() {
    let told = |odd| {
        let world = Generated { odd, ..Generated::plain(60, 5) }.world().unwrap();
        let sandbox = Sandbox::new(world, options());
        let management = Client::management(&sandbox);
        let ids: Vec<_> = sandbox.world().accounts().map(str::to_owned).collect();
        let member = |id: &&String| id.as_str() != "111122223333";
        ids.iter().filter(member).filter(|id| management.assume(id).is_err()).count()
    };
    assert_eq!(told(0.0), 0);
    assert!(told(1.0) > 3);
}

#[test]
fn a_large_world_is_made_quickly_enough_for_a_test() {
    let world = Generated::plain(1_000, 1).world().unwrap();
    assert_eq!(world.accounts().count(), 1_001);
}

#[test]
fn an_account_is_named_by_its_id_or_name() {
    assert_eq!(world(PLAIN).account_named("alpha"), Some("222233334444"));
}

/// The keys the reader names when it meets an unknown one at this place.
fn keys(scenario: &str) -> Vec<String> {
    let told = complaint(scenario);
    let listed = told.split("expected one of ").nth(1).or_else(|| told.split("expected ").nth(1));
    let listed = listed.unwrap_or_else(|| panic!("{told}"));
    let mut keys: Vec<_> = listed.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    keys.sort();
    keys
}

#[test]
fn the_schema_has_the_same_keys_as_the_reader() {
    let schema: serde_json::Value = serde_json::from_str(SCENARIO_SCHEMA).unwrap();
    let places = [
        ("", "zzz = 1"),
        ("management", "[management]\nzzz = 1"),
        ("organization", "[organization]\nzzz = 1"),
        ("unit", "[[unit]]\nzzz = 1"),
        ("policy", "[[policy]]\nzzz = 1"),
        ("service", "[[service]]\nzzz = 1"),
        ("account", "[[account]]\nzzz = 1"),
        ("role", "[[account]]\nroles = [{ zzz = 1 }]"),
        ("quotas", "[[account]]\nquotas = { zzz = 1 }"),
        ("vpc", "[[account]]\nvpc = [{ zzz = 1 }]"),
        ("group", "[[account]]\nvpc = [{ group = [{ zzz = 1 }] }]"),
        ("endpoint", "[[account]]\nvpc = [{ endpoint = [{ zzz = 1 }] }]"),
        ("fault", "[[fault]]\nzzz = 1"),
        ("place", "[[bucket]]\nzzz = 1"),
        ("place", "[[topic]]\nzzz = 1"),
        ("repository", "[[repository]]\nzzz = 1"),
    ];
    for (name, scenario) in places {
        let place = if name.is_empty() { &schema } else { &schema["$defs"][name] };
        let described = place["properties"].as_object().unwrap().keys();
        let mut described: Vec<_> = described.cloned().collect();
        described.sort();
        let mut read = keys(scenario);
        // A count that is kept between commands; nobody writes it.
        read.retain(|key| key != "seen");
        assert_eq!(described, read, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn simulated_time_goes_on_between_commands() {
    let mut options = options();
    options.speed = 50.0;
    let first = Sandbox::new(world(PLAIN), options.clone());
    let client = Client::alpha(&first);
    let site = Site::of(&client);
    client.must("CreateVpcEndpoint", &site.interface(&service("logs")));
    pass(1).await;
    let saved = first.world();
    options.started += jiff::SignedDuration::from_secs(20);
    let second = Sandbox::new(saved, options);
    let found = Client { sandbox: second, ..client }.must("DescribeVpcEndpoints", &[]);
    assert_eq!(found.one("state"), "available");
}
