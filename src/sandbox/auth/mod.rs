//! Who is calling: access keys, sessions, signatures, and what a principal may do.

pub(crate) mod check;
pub(crate) mod keys;
pub(crate) mod permission;
pub(crate) mod session;
pub(crate) mod signature;

/// Who a call is made by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) account: String,
    /// The role a session is of; none for the operator, who may do everything.
    pub(crate) session: Option<session::Session>,
}

impl Principal {
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
