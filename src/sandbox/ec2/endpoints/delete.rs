//! `DeleteVpcEndpoints`: the call succeeds even where single endpoints do not.

use crate::sandbox::ec2::context::Ec2;
use crate::sandbox::ec2::ids::Noun;
use crate::sandbox::load::delay;
use crate::sandbox::wire::refusal::{Refusal, missing};
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::endpoint::{Kind, Settle, State, Then};
use crate::sandbox::world::network::Target;

/// `DeleteVpcEndpoints`.
pub(crate) fn delete(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let ids = ec2.wanted("VpcEndpointId", Noun::Endpoint)?;
    if ids.is_empty() {
        return Err(missing("VpcEndpointId"));
    }
    ec2.ready()?;
    let refused: Vec<_> =
        ids.into_iter().filter_map(|id| one(ec2, &id).err().map(|refusal| (id, refusal))).collect();
    let mut xml = Xml::new();
    xml.set("unsuccessful", refused, |xml, (id, refusal)| {
        xml.leaf("resourceId", id);
        xml.element("error", |xml| {
            xml.leaf("code", refusal.code).leaf("message", refusal.message);
        });
    });
    Ok(xml)
}

fn one(ec2: &mut Ec2, id: &str) -> Result<(), Refusal> {
    let missing = || {
        let message = format!("The Vpc Endpoint Id '{id}' does not exist");
        Refusal::new("InvalidVpcEndpoint.NotFound", message)
    };
    let routed = ec2
        .state
        .route_tables
        .values()
        .flat_map(|table| &table.routes)
        .any(|route| route.target == Target::Endpoint(id.to_owned()));
    if !ec2.exists(Noun::Endpoint, id) {
        return Err(missing());
    }
    let mut dice = ec2.state.dice("delete");
    let now = ec2.now.sim;
    let endpoint = ec2.state.endpoints.get_mut(id).ok_or_else(missing)?;
    if endpoint.requester_managed {
        let message =
            format!("Operation is not permitted on the requester-managed VPC endpoint {id}.");
        return Err(Refusal::new("OperationNotPermitted", message));
    }
    if routed {
        let message = format!("The VPC endpoint {id} has routes that point to it.");
        return Err(Refusal::new("DependencyViolation", message));
    }
    if endpoint.state == State::Deleting {
        return Ok(());
    }
    let gateway = endpoint.kind == Kind::Gateway;
    let wait =
        if gateway { delay::gateway_gone(&mut dice) } else { delay::interface_gone(&mut dice) };
    endpoint.state = State::Deleting;
    endpoint.settle = Some(Settle { at: now + wait, then: Then::Gone });
    if gateway {
        endpoint.route_tables.clear();
        ec2.state.drop_endpoint_routes(id, None);
    }
    Ok(())
}
