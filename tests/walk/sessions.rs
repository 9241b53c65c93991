//! Sessions in a long run, in virtual time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use linkwalk::aws::{Access, OnThrottle, Sessions};
use linkwalk::ids::{AccountId, Region, TargetId};
use linkwalk::sandbox::{Generated, Options, Sandbox};
use tokio::time::sleep;

#[tokio::test(start_paused = true)]
async fn credentials_are_renewed_before_they_expire_and_not_sooner() {
    let world = Generated::plain(1, 1).world().unwrap();
    let member: AccountId = world.accounts().last().unwrap().parse().unwrap();
    let keys = Sandbox::credentials(world.operator());
    let sandbox = Sandbox::new(world, Options::at(Timestamp::now()));
    let region = Region::from("eu-west-1");
    let access = Access {
        partition: "aws",
        home_region: region.clone(),
        role: "OrganizationAccountAccessRole".to_owned(),
        external_id: None,
        session_name: "linkwalk".to_owned(),
        session_tags: BTreeMap::new(),
        source_identity: None,
        via: Vec::new(),
    };
    let sessions = Sessions::in_process(sandbox.http_client(), keys, 1.0, access);
    let target = TargetId { account: member, region };
    let sessions_of_one_hour = |sandbox: &Sandbox| {
        sandbox.calls().iter().filter(|call| call.action == "AssumeRole").count()
    };

    // A call every ten minutes over three hours, each by a client of its own: never one that is
    // refused, and a new session only in the last minutes of the one before.
    let mut renewals = Vec::new();
    for minutes in (0..180).step_by(10) {
        let quiet: OnThrottle = Arc::new(|_| {});
        sessions.ec2(&target, quiet).endpoints().await.unwrap();
        if sessions_of_one_hour(&sandbox) > renewals.len() {
            renewals.push(minutes);
        }
        sleep(Duration::from_mins(10)).await;
    }
    assert_eq!(renewals, [0, 60, 120]);
}
