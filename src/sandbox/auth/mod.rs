//! Who is calling: access keys, sessions, signatures, and what a principal may do.

pub(crate) mod check;
pub(crate) mod document;
pub(crate) mod keys;
pub(crate) mod permission;
pub(crate) mod session;
pub(crate) mod signature;

use super::world::World;

/// Who a call is made by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) account: String,
    /// The role a session is of; none for the operator, who may do everything.
    pub(crate) session: Option<session::Session>,
}

impl Principal {
    /// The ARN that policies compare with: of a session, that of its role.
    pub(crate) fn role_arn(&self, world: &World) -> String {
        let Some(session) = &self.session else { return self.arn() };
        let account = world.accounts.get(&self.account);
        let role = account.and_then(|account| account.roles.get(&session.role));
        let path = role.map_or("/", |role| role.path.as_str());
        format!("arn:aws:iam::{}:role{path}{}", self.account, session.role)
    }

    /// The ARN that `GetCallerIdentity` answers with.
    pub(crate) fn arn(&self) -> String {
        match &self.session {
            None => format!("arn:aws:iam::{}:user/operator", self.account),
            Some(session) => format!(
                "arn:aws:sts::{}:assumed-role/{}/{}",
                self.account, session.role, session.name
            ),
        }
    }
}
