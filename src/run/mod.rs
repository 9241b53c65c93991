//! Doing: discover, observe, execute. Prints nothing; says what happens through events.

mod audit;
mod budget;
mod discover;
mod doctor;
mod execute;
mod fleet;
mod gate;
mod init;
pub mod journal;
pub mod lock;
mod notebook;
mod notify;
mod observe;
mod rollout;
mod send;
mod shared_root;
mod usage;
mod verify;
mod waiter;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OnceCell};

use crate::aws::{Access, Ec2, OnThrottle, Sessions};
use crate::config::Config;
use crate::ids::{Region, TargetId};
use crate::model::account::Account;
use crate::model::failure::Failure;
use crate::model::service::Catalogue;
use crate::model::spec::Settings;
use crate::plan::aim::Aim;
use crate::plan::outcome::Outcome;
use crate::report::event::{EventKind, Events};
use crate::shutdown::Shutdown;
use notebook::Notebook;

pub use audit::{Audits, Elsewhere, audit, elsewhere, rules, shared_root};
pub use discover::{Walk, discover, organization_id};
pub use doctor::{Surveyed, examine, survey};
pub use execute::Work;
pub use init::{Asked, look_around};
pub use journal::Journal;
pub use notebook::Notes;
pub use notify::Channel;
pub use observe::{Revisited, observe, resume, revisit};
pub use rollout::{Ask, execute, roll_out};
pub use shared_root::{registry, shared_root_accounts};

/// Between two attempts at what the SDK has already tried again and again.
const THROTTLED_REST: Duration = Duration::from_secs(10);

/// How accounts.toml says that accounts are reached.
pub fn access(config: &Config) -> Access {
    let organization = &config.organization;
    Access {
        partition: config.partition(),
        home_region: organization.regions[0].clone(),
        role: organization.role.clone(),
        external_id: organization.external_id.clone(),
        session_name: organization.session_name.clone(),
        session_tags: organization.session_tags.clone(),
        source_identity: organization.source_identity.clone(),
        via: organization.via.clone(),
    }
}

/// One run of the program: what every step needs.
pub struct Run {
    /// accounts.toml, checked.
    pub config: Config,
    /// The way into the accounts.
    pub sessions: Sessions,
    /// Where what happens is told.
    pub events: Events,
    /// Whether to go on.
    pub shutdown: Shutdown,
    /// Unique to this run; client tokens are derived from it.
    pub id: String,
    /// What the run is for, and how far it may go.
    pub aim: Aim,
    /// What is written of the run before it happens.
    pub journal: Journal,
    catalogues: Catalogues,
    notebook: Notebook,
}

impl Run {
    /// A run that has not done anything yet.
    pub fn new(
        config: Config,
        sessions: Sessions,
        events: Events,
        shutdown: Shutdown,
        id: String,
    ) -> Self {
        let (journal, catalogues) = (Journal::default(), Catalogues::default());
        let (aim, notebook) = (Aim::default(), Notebook::default());
        Self { config, sessions, events, shutdown, id, aim, journal, catalogues, notebook }
    }

    /// The same run for something else than all of accounts.toml.
    #[must_use]
    pub fn aiming(self, aim: Aim) -> Self {
        Self { aim, ..self }
    }

    /// The same run with a journal.
    #[must_use]
    pub fn with_journal(self, journal: Journal) -> Self {
        Self { journal, ..self }
    }

    /// Tells a target's end.
    pub fn finish(&self, target: &Target, outcome: Outcome) {
        self.events.send(EventKind::TargetFinished {
            target: target.id.clone(),
            name: target.name.clone(),
            outcome,
        });
    }

    /// EC2 in one target.
    fn ec2(&self, target: &TargetId) -> Ec2 {
        self.sessions.ec2(target, self.on_throttle(target))
    }

    /// Tells when AWS asks to slow down in a target.
    fn on_throttle(&self, target: &TargetId) -> OnThrottle {
        let (events, throttled) = (self.events.clone(), target.clone());
        Arc::new(move |operation| {
            events.send(EventKind::Throttled {
                target: throttled.clone(),
                operation: operation.to_owned(),
            });
        })
    }
}

/// One account in one region, with what it should have.
#[derive(Debug)]
pub struct Target {
    /// Which.
    pub id: TargetId,
    /// The account's name; untrusted text.
    pub name: String,
    /// What it should have; shared by all that should have the same.
    pub settings: Arc<Settings>,
    /// The index of its wave; see [`crate::config::Rollout::wave_of`].
    pub wave: usize,
}

/// Makes targets. Those of thousands of accounts to which the same overrides apply share their settings.
pub struct Targets<'a> {
    config: &'a Config,
    organization: Option<String>,
    settings: BTreeMap<(Vec<usize>, Region), Arc<Settings>>,
}

impl<'a> Targets<'a> {
    /// Of this accounts.toml, in the organization of this id.
    pub fn new(config: &'a Config, organization: Option<String>) -> Self {
        Self { config, organization, settings: BTreeMap::new() }
    }

    /// The target of a consumer account in a region.
    pub fn of(&mut self, account: &Account, region: &Region) -> Arc<Target> {
        let overrides = self.config.overriding(account, region);
        let settings =
            self.settings.entry((overrides, region.clone())).or_insert_with_key(|(under, _)| {
                let organization = self.organization.clone();
                let settings = self.config.settings_under(under, region);
                Arc::new(Settings { organization, ..settings })
            });
        Arc::new(Target {
            id: TargetId { account: account.id.clone(), region: region.clone() },
            name: account.name.clone(),
            settings: Arc::clone(settings),
            wave: self.config.rollout.wave_of(account),
        })
    }
}

/// Each region's services, read once by whichever account comes first. An account that fails to read
/// them fails alone: the next one tries again.
#[derive(Default)]
struct Catalogues(Mutex<BTreeMap<Region, Arc<OnceCell<Arc<Catalogue>>>>>);

impl Catalogues {
    async fn of(&self, region: &Region, ec2: &Ec2) -> Result<Arc<Catalogue>, Failure> {
        let cell = self.0.lock().await.entry(region.clone()).or_default().clone();
        let read = || async { ec2.catalogue(None).await.map(Arc::new) };
        cell.get_or_try_init(read).await.cloned()
    }
}
