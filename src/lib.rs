//! `linkwalk` puts AWS PrivateLink endpoints, right, into every account of an organization.
//!
//! ```text
//!  accounts.toml                                                                      exit code
//!       |                                                                                 ^
//!    config --> discover --> observe --> plan ------> confirm --> execute --> verify -----+
//!    typed      Organizations Describe*   pure:        tty or      Create/     observe     |
//!               -> targets    -> Observed Desired x    --yes       Modify/     + plan      |
//!                                         Observed                 Delete      = empty     |
//!                                         -> Plan                  + waiters               |
//!                    |            |         |                        |                     |
//!                    +------------+---------+------- events ---------+----> progress ------+
//!                                                 (one channel)          (one fold)
//!                                                                     tty | plain | json
//! ```
//!
//! Two phases and a barrier: everything is read and planned before anything is changed. The planner
//! makes every choice, the executor makes none. A failing target is data inside its outcome.
//!
//! Who may name whom, read downwards: `ids` < `model` < `plan`, `config`, `aws` < `audit`, `doctor` < `explain` < `report`,
//! `run` < `commands` < `main`. `plan`, `audit` and `doctor` are synchronous and pure. `aws` is the only module that
//! names the SDK. `rehearse` and `init` are pure as well.
//! `run` prints nothing. A test holds these rules.

pub mod audit;
pub mod aws;
pub mod cli;
pub mod commands;
pub mod config;
pub mod doctor;
pub mod exit;
pub mod explain;
pub mod ids;
pub mod init;
pub mod locked;
pub mod model;
pub mod plan;
pub mod rehearse;
pub mod report;
pub mod role;
pub mod run;
pub mod sandbox;
pub mod shutdown;
