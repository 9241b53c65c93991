//! Organizations (API 2016-11-28): the reads a walk needs and the writes by which one is built.

mod read;
mod shapes;
mod write;

use serde_json::Value;

use super::clock::Now;
use super::options::Options;
use super::wire::fields::Fields;
use super::wire::pages::Page;
use super::wire::refusal::Refusal;
use super::world::World;
use super::world::organization::Organization;

/// One Organizations call.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a mut World,
    /// The caller's account.
    pub(crate) account: &'a str,
    pub(crate) fields: &'a Fields,
    pub(crate) options: &'a Options,
    pub(crate) now: Now,
}

/// An action.
pub(crate) type Action = fn(&mut Call) -> Result<Value, Refusal>;

/// The action with this name, if the sandbox knows it.
pub(crate) fn action(name: &str) -> Option<Action> {
    Some(match name {
        "DescribeAccount" => read::describe_account,
        "DescribeCreateAccountStatus" => read::describe_create_account_status,
        "DescribeOrganization" => read::describe_organization,
        "DescribeOrganizationalUnit" => read::describe_unit,
        "ListAccounts" => read::list_accounts,
        "ListAccountsForParent" => read::list_accounts_for_parent,
        "ListChildren" => read::list_children,
        "ListDelegatedAdministrators" => read::list_delegated_administrators,
        "ListOrganizationalUnitsForParent" => read::list_units_for_parent,
        "ListParents" => read::list_parents,
        "ListRoots" => read::list_roots,
        "ListTagsForResource" => read::list_tags,
        "CloseAccount" => write::close_account,
        "CreateAccount" => write::create_account,
        "CreateOrganization" => write::create_organization,
        "CreateOrganizationalUnit" => write::create_unit,
        "MoveAccount" => write::move_account,
        "RegisterDelegatedAdministrator" => write::register_delegated_administrator,
        "TagResource" => write::tag,
        "UntagResource" => write::untag,
        _ => return None,
    })
}

impl Call<'_> {
    /// The organization the caller is in.
    fn organization(&self) -> Result<&Organization, Refusal> {
        let organization = self.world.organization.as_ref();
        let member =
            self.world.accounts.get(self.account).is_some_and(|account| !account.parent.is_empty());
        organization.filter(|_| member).ok_or_else(|| {
            let message = "Your account is not a member of an organization.";
            Refusal::new("AWSOrganizationsNotInUseException", message)
        })
    }

    /// The organization, for those who may read it: the management account and delegated administrators.
    fn readable(&self) -> Result<&Organization, Refusal> {
        let organization = self.organization()?;
        if organization.may_read(self.account) { Ok(organization) } else { Err(denied()) }
    }

    /// The organization, for the management account.
    fn writable(&mut self) -> Result<&mut Organization, Refusal> {
        if self.organization()?.management != self.account {
            return Err(denied());
        }
        self.world.organization.as_mut().ok_or_else(denied)
    }

    /// The page a list asks for: at most 20.
    fn page(&self, action: &str) -> Result<Page, Refusal> {
        let asked = self.fields.number("MaxResults")?.unwrap_or(20);
        let bad = |reason| {
            let message = "You specified an invalid value.";
            Refusal::new("InvalidInputException", message).because(reason)
        };
        if asked == 0 {
            return Err(bad("MIN_VALUE_EXCEEDED"));
        }
        if asked > 20 {
            return Err(bad("MAX_VALUE_EXCEEDED"));
        }
        let token = self.fields.text("NextToken")?;
        let scope = format!("{action} {}", self.fields.fingerprint(&["NextToken", "MaxResults"]));
        let cap = self.options.page_cap.unwrap_or(20).max(1);
        let limit = usize::try_from(asked).unwrap_or(20).min(cap);
        Page::new(&scope, limit, token.as_deref()).map_err(|_| bad("INVALID_PAGINATION_TOKEN"))
    }
}

fn denied() -> Refusal {
    let message = "You don't have permissions to access this resource.";
    Refusal::new("AccessDeniedException", message)
}
