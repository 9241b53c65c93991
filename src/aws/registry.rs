//! ECR of an account of the shared root: its repositories and their policies, read and never changed.

use aws_sdk_ecr::Client;

use super::{Caller, Sessions, error};
use crate::ids::{AccountId, Region};
use crate::model::failure::Failure;

/// All that a session in the shared root may do, whatever else the role may.
const READS: &str = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\
                     \"Action\":[\"ecr:DescribeRepositories\",\"ecr:GetRepositoryPolicy\"],\
                     \"Resource\":\"*\"}]}";

/// By what an account of the shared root is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The caller's own credentials: the account is the caller's.
    Caller,
    /// The last role of `via`, which is in the account.
    Via,
    /// The member role, with a session policy that leaves it these reads alone.
    MemberRole,
}

/// ECR of one account in one region.
#[derive(Debug)]
pub struct Registry(Client);

impl Sessions {
    /// How an account of the shared root is entered.
    pub fn entry(&self, account: &AccountId, caller: &Caller) -> Entry {
        let last = self.via().last().and_then(|arn| arn.split(':').nth(4));
        match last {
            Some(of) if of == account.as_str() => Entry::Via,
            _ if caller.account == account.as_str() => Entry::Caller,
            _ => Entry::MemberRole,
        }
    }

    /// ECR of an account of the shared root.
    pub fn registry(&self, account: &AccountId, region: &Region, entry: Entry) -> Registry {
        let config = match entry {
            Entry::Caller => self.as_caller(),
            Entry::Via => self.as_base(),
            Entry::MemberRole => self.member_limited_to(account, READS),
        };
        let config = aws_sdk_ecr::config::Builder::from(&config)
            .region(aws_config::Region::new(region.as_str().to_owned()))
            .build();
        Registry(Client::from_conf(config))
    }
}

impl Registry {
    /// Names of all repositories: `DescribeRepositories`, every page.
    pub async fn repositories(&self) -> Result<Vec<String>, Failure> {
        let mut names = Vec::new();
        let mut token = None;
        loop {
            let page = self.0.describe_repositories().set_next_token(token).send().await;
            let page = page.map_err(|e| error::failure("DescribeRepositories", &e))?;
            let repositories = page.repositories.unwrap_or_default();
            names.extend(repositories.into_iter().filter_map(|one| one.repository_name));
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(names);
            }
        }
    }

    /// A repository's policy; `None` where it has none.
    pub async fn policy(&self, name: &str) -> Result<Option<String>, Failure> {
        match self.0.get_repository_policy().repository_name(name).send().await {
            Ok(answer) => Ok(answer.policy_text),
            Err(error) => {
                let failure = error::failure("GetRepositoryPolicy", &error);
                match failure.code.as_deref() {
                    Some("RepositoryPolicyNotFoundException") => Ok(None),
                    _ => Err(failure),
                }
            }
        }
    }
}
