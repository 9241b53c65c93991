//! What the file says of the policies of one service's endpoints, for those who ask by a name.

use std::collections::BTreeMap;

use crate::model::policy::PolicyDocument;
use crate::model::spec::PolicySpec;

use super::check::compared_name;
use super::problem::nearest;
use super::{Config, EndpointTable, Layer, LeadsTo, known};

/// A service whose endpoints take a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyOf {
    /// The service's short name.
    pub short: String,
    /// What its endpoints have where no override says otherwise; `None` where the file does not want one.
    pub said: Option<PolicySpec>,
    /// Whether other endpoints of the service have another one: in overrides, or of another type.
    pub differs: bool,
}

/// The service that a word means: the name of a table, of the service, or its full name. The error is for
/// people.
pub fn policy_of(word: &str, config: Option<&Config>) -> Result<PolicyOf, String> {
    let table = config.and_then(|config| table_named(config, word));
    let short = match table.map(|table| &table.leads_to) {
        Some(LeadsTo::Service { service, .. }) => compared_name(service),
        Some(LeadsTo::Bundle { .. }) | None => service_named(word)?,
    };
    if known::service(&short).is_some_and(|known| !known.policy) {
        return Err(format!("endpoints of `{short}` take no policy: AWS refuses one"));
    }
    let Some(config) = config else { return Ok(PolicyOf { short, said: None, differs: false }) };
    let base = in_layer(&config.base, &short);
    let overrides = config.overrides.iter().flat_map(|over| {
        let mut layer = config.base.clone();
        layer.overlay(&over.layer);
        in_layer(&layer, &short).into_values()
    });
    let asked = table.and_then(|_| base.get(word)).or_else(|| base.values().next()).cloned();
    let differs =
        base.values().cloned().chain(overrides).any(|other| Some(&other) != asked.as_ref());
    Ok(PolicyOf { short, said: asked, differs })
}

fn table_named<'a>(config: &'a Config, name: &str) -> Option<&'a EndpointTable> {
    let layers = [&config.base].into_iter().chain(config.overrides.iter().map(|over| &over.layer));
    layers.into_iter().find_map(|layer| layer.endpoints.get(name))
}

/// Policies of a service's endpoints by the table they come from.
fn in_layer(layer: &Layer, short: &str) -> BTreeMap<String, PolicySpec> {
    let wanted = layer.wanted().into_iter().filter(|((service, _), _)| service == short);
    wanted
        .map(|(_, (table, says))| {
            (table, says.policy.unwrap_or_else(|| PolicyDocument::full_access().into()))
        })
        .collect()
}

fn service_named(word: &str) -> Result<String, String> {
    if known::is_full_name(word) {
        return Ok(known::short_of(word));
    }
    if known::service(word).is_some() {
        return Ok(word.to_owned());
    }
    if let Some(bundle) = known::bundle(word) {
        let members = bundle.members.join(", ");
        return Err(format!(
            "`{word}` is a bundle, and each of its services has a policy of its own: name one of {members}"
        ));
    }
    let near = nearest(word, known::names());
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Err(format!("`{word}` is not a service linkwalk knows{near}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::policy::Perimeter;

    fn config(endpoints: &str) -> Config {
        let text =
            format!("deployment = \"d\"\n[organization]\nregions = [\"eu-west-1\"]\n{endpoints}");
        crate::config::parse("test".to_owned(), text, Path::new(""))
            .unwrap_or_else(|wrong| panic!("{}", wrong.render(false)))
    }

    #[test]
    fn a_service_is_found_by_its_name_its_full_name_or_its_table() {
        let config = config(
            "[endpoints.ecr]\npolicy = \"organization\"\n[endpoints.inner]\nservice = \"s3\"\n\
             type = \"interface\"\n[endpoints.logs]\n[[override]]\nregions = [\"eu-west-1\"]\n\
             endpoints.logs.policy = \"organization\"",
        );
        let full = || Some(PolicyDocument::full_access().into());
        let perimeter = Some(PolicySpec::Organization);
        for (word, short, said, differs) in [
            ("ecr.api", "ecr.api", perimeter.clone(), false),
            ("com.amazonaws.eu-west-1.ecr.dkr", "ecr.dkr", perimeter.clone(), false),
            ("s3", "s3", perimeter, true),
            ("inner", "s3", full(), true),
            ("logs", "logs", full(), true),
            ("kms", "kms", None, false),
        ] {
            let found = policy_of(word, Some(&config)).unwrap();
            assert_eq!(found, PolicyOf { short: short.to_owned(), said, differs }, "{word}");
        }
        assert_eq!(policy_of("kms", None).unwrap().short, "kms");
    }

    #[test]
    fn the_perimeter_of_every_service_passes_the_check_of_files_and_fits() {
        for region in ["eu-west-1", "cn-north-1", "us-gov-west-1"] {
            let region = &crate::ids::Region::from(region);
            for name in known::names().filter(|name| known::service(name).is_some()) {
                let policy = Perimeter { organization: "o-a1b2c3d4e5", region }.policy(name);
                assert_eq!(
                    PolicyDocument::parse(&policy.to_pretty()).as_ref(),
                    Ok(&policy),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn what_has_no_policy_or_several_is_refused_with_the_reason() {
        for (word, says) in [
            ("ecr", "name one of ecr.api, ecr.dkr, s3"),
            ("email-smtp", "take no policy"),
            ("kmss", "did you mean `kms`?"),
            ("quite-different", "not a service linkwalk knows"),
        ] {
            let wrong = policy_of(word, None).unwrap_err();
            assert!(wrong.contains(says), "{word}: {wrong}");
        }
    }
}
