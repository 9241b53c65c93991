//! Exit codes: the program's shortest report.

use std::process::ExitCode;

/// How the program ends. In the order of [`Exit::worst`], mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// In sync or converged: 0.
    Ok,
    /// Changes or drift pending (`audit` always, `plan` with `--detailed-exitcode`): 2.
    Changes,
    /// Something failed or is unreachable: 1.
    Failed,
    /// Wrong usage or configuration; nothing was touched: 64, `EX_USAGE` of sysexits.h.
    Usage,
    /// Stopped by Ctrl-C or SIGTERM: 130, as shells report a death by SIGINT.
    Interrupted,
}

impl Exit {
    /// What is said of two things together: over many accounts 1 beats 2 beats 0.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        self.max(other)
    }

    /// The number the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Changes => 2,
            Self::Usage => 64,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for u8 {
    fn from(exit: Exit) -> Self {
        exit.code()
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_many_accounts_the_worst_wins() {
        let mildest_first = [0, 2, 1, 64, 130];
        let all = [Exit::Failed, Exit::Interrupted, Exit::Ok, Exit::Usage, Exit::Changes];
        for one in all {
            for other in all {
                let rank = |exit: Exit| mildest_first.iter().position(|code| *code == exit.code());
                let expected = if rank(one) >= rank(other) { one } else { other };
                assert_eq!(one.worst(other), expected, "{one:?} and {other:?}");
            }
        }
    }

    #[test]
    fn every_exit_has_its_documented_code() {
        let codes = [Exit::Ok, Exit::Failed, Exit::Changes, Exit::Usage, Exit::Interrupted];
        assert_eq!(codes.map(u8::from), [0, 1, 2, 64, 130]);
    }
}
