//! What has to be permitted for a call of EC2: every action on every resource, with the condition keys of
//! each (service authorization reference, "Actions, resources, and condition keys for Amazon EC2"; EC2 user
//! guide, "Grant permission to tag resources during creation").

use super::ids::Noun;
use crate::sandbox::auth::document::Keys;
use crate::sandbox::wire::params::Params;
use crate::sandbox::world::region::Region;

/// One thing that must be permitted.
#[derive(Debug)]
pub(crate) struct Need {
    /// Without the service's name.
    pub(crate) action: &'static str,
    /// `*` for actions that are on no resource.
    pub(crate) arn: String,
    pub(crate) keys: Keys,
}

/// A call, about to be taken apart.
struct Call<'a> {
    state: &'a Region,
    account: &'a str,
    region: &'a str,
    params: &'a Params,
}

/// Everything that a call needs; `None` for an action of which it is not known here what it needs.
pub(crate) fn needs(
    state: &Region,
    (account, region): (&str, &str),
    action: &str,
    params: &Params,
) -> Option<Vec<Need>> {
    // Read from a copy: which parameters the action itself reads is counted.
    let params = &params.clone();
    let call = Call { state, account, region, params };
    Some(match action {
        "CreateVpcEndpoint" => call.create_endpoint(),
        "ModifyVpcEndpoint" => call.modify_endpoint(),
        "DeleteVpcEndpoints" => call.existing("DeleteVpcEndpoints", &params.list("VpcEndpointId")),
        "CreateSecurityGroup" => {
            let mut needs = vec![call.about_to_be("CreateSecurityGroup", Noun::SecurityGroup)];
            needs.extend(call.existing("CreateSecurityGroup", &one(params, "VpcId")));
            needs.extend(call.tags_on_creation("CreateSecurityGroup", Noun::SecurityGroup));
            needs
        }
        "DeleteSecurityGroup" => call.existing("DeleteSecurityGroup", &one(params, "GroupId")),
        "AuthorizeSecurityGroupIngress" => {
            call.existing("AuthorizeSecurityGroupIngress", &one(params, "GroupId"))
        }
        "RevokeSecurityGroupIngress" => {
            call.existing("RevokeSecurityGroupIngress", &one(params, "GroupId"))
        }
        "RevokeSecurityGroupEgress" => {
            call.existing("RevokeSecurityGroupEgress", &one(params, "GroupId"))
        }
        "DescribeVpcAttribute" => call.existing("DescribeVpcAttribute", &one(params, "VpcId")),
        "ModifyVpcAttribute" => call.existing("ModifyVpcAttribute", &one(params, "VpcId")),
        "CreateTags" => call.tag(),
        _ => return None,
    })
}

fn one(params: &Params, name: &str) -> Vec<String> {
    params.text(name).into_iter().collect()
}

impl Call<'_> {
    fn create_endpoint(&self) -> Vec<Need> {
        const ACTION: &str = "CreateVpcEndpoint";
        let mut made = self.about_to_be(ACTION, Noun::Endpoint);
        if let Some(service) = self.params.text("ServiceName") {
            // Services of customers and of the Marketplace are named by their ids.
            let owner = if service.contains(".vpce.") { "aws-marketplace" } else { "amazon" };
            made.keys.insert("ec2:vpceserviceowner".to_owned(), vec![owner.to_owned()]);
            made.keys.insert("ec2:vpceservicename".to_owned(), vec![service]);
        }
        let mut needs = vec![made];
        needs.extend(self.existing(ACTION, &one(self.params, "VpcId")));
        for list in ["SubnetId", "RouteTableId", "SecurityGroupId"] {
            needs.extend(self.existing(ACTION, &self.params.list(list)));
        }
        needs.extend(self.tags_on_creation(ACTION, Noun::Endpoint));
        needs
    }

    fn modify_endpoint(&self) -> Vec<Need> {
        const ACTION: &str = "ModifyVpcEndpoint";
        let mut needs = self.existing(ACTION, &one(self.params, "VpcEndpointId"));
        for kind in ["SubnetId", "RouteTableId", "SecurityGroupId"] {
            for way in ["Add", "Remove"] {
                needs.extend(self.existing(ACTION, &self.params.list(&format!("{way}{kind}"))));
            }
        }
        needs
    }

    fn tag(&self) -> Vec<Need> {
        let mut needs = self.existing("CreateTags", &self.params.list("ResourceId"));
        let tags = self.tags("Tag");
        for need in &mut needs {
            request_tags(&mut need.keys, &tags);
        }
        needs
    }

    /// What is about to be made, with the tags it gets.
    fn about_to_be(&self, action: &'static str, noun: Noun) -> Need {
        let mut keys = Keys::new();
        request_tags(&mut keys, &self.given_tags());
        Need { action, arn: self.arn(noun, "*"), keys }
    }

    fn tags_on_creation(&self, creating: &str, noun: Noun) -> Option<Need> {
        let mut need = self.about_to_be("CreateTags", noun);
        need.keys.insert("ec2:createaction".to_owned(), vec![creating.to_owned()]);
        self.params.gives_tags().then_some(need)
    }

    /// What is there already, with the tags it has.
    fn existing(&self, action: &'static str, ids: &[String]) -> Vec<Need> {
        let need = |id: &String| {
            let mut keys = Keys::new();
            for (key, value) in self.state.tags_of(id) {
                for prefix in ["aws", "ec2"] {
                    keys.insert(
                        format!("{prefix}:resourcetag/{}", key.to_ascii_lowercase()),
                        vec![value.clone()],
                    );
                }
            }
            let endpoint = self.state.endpoints.get(id).filter(|_| action.starts_with("Delete"));
            if let Some(endpoint) = endpoint {
                let service = vec![endpoint.service.clone()];
                keys.insert("ec2:vpceservicename".to_owned(), service);
            }
            let arn = match Noun::of(id) {
                Some(noun) => self.arn(noun, id),
                None => format!("arn:aws:ec2:{}:{}:{id}", self.region, self.account),
            };
            Need { action, arn, keys }
        };
        ids.iter().map(need).collect()
    }

    fn arn(&self, noun: Noun, id: &str) -> String {
        let Self { region, account, .. } = self;
        format!("arn:aws:ec2:{region}:{account}:{}/{id}", noun.resource_type())
    }

    fn given_tags(&self) -> Vec<(String, String)> {
        let specified = self.params.structures("TagSpecification");
        specified.iter().flat_map(|prefix| self.tags(&format!("{prefix}.Tag"))).collect()
    }

    fn tags(&self, list: &str) -> Vec<(String, String)> {
        let text = |name: String| self.params.text(&name).unwrap_or_default();
        let pairs = self.params.structures(list).into_iter();
        pairs.map(|it| (text(format!("{it}.Key")), text(format!("{it}.Value")))).collect()
    }
}

fn request_tags(keys: &mut Keys, tags: &[(String, String)]) {
    for (key, value) in tags {
        keys.insert(format!("aws:requesttag/{}", key.to_ascii_lowercase()), vec![value.clone()]);
        keys.entry("aws:tagkeys".to_owned()).or_default().push(key.clone());
    }
}
