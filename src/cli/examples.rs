//! The examples under `--help`, each with a word on what it does. A test parses every line.

/// What is said under `linkwalk --help`.
pub(super) const LINKWALK: &str = "\
Examples:
  linkwalk --sandbox apply --yes           # see it work, on an AWS in memory: no account needed
  linkwalk accounts                        # who is a consumer, and why
  linkwalk plan                            # what would change; changes nothing
  linkwalk apply --account 111122223333    # one account first

Exit codes: 0 in sync or converged; 1 something failed or is unreachable; 2 drift (audit) or
changes pending (plan --detailed-exitcode); 64 wrong usage or accounts.toml, nothing was touched;
130 interrupted.
`linkwalk explain CODE` says more about any code that linkwalk shows.";

pub(super) const ACCOUNTS: &str = "\
Examples:
  linkwalk accounts                          # the whole walk
  linkwalk accounts --explain 111122223333   # every rule that was looked at for one account
  linkwalk accounts -o json                  # for machines";

pub(super) const PLAN: &str = "\
Examples:
  linkwalk plan                             # grouped by identical change
  linkwalk plan --account 111122223333      # that account in full
  linkwalk plan --out plan.json             # for `linkwalk apply plan.json`
  linkwalk plan --detailed-exitcode -o json # in a pipeline: 2 when there is something to change";

pub(super) const APPLY: &str = "\
Examples:
  linkwalk apply                          # shows the plan and asks
  linkwalk apply --account 111122223333   # one account first
  linkwalk apply --yes                    # for pipelines
  linkwalk apply plan.json                # exactly what `plan --out` showed; does not ask";

pub(super) const RUNS: &str = "\
Examples:
  linkwalk runs                      # the newest first
  linkwalk runs -o json              # for machines
  linkwalk runs --prune 20           # first deletes all but the newest 20";

pub(super) const REPORT: &str = "\
Examples:
  linkwalk report                             # the last run
  linkwalk report 20261123T024501Z-ab12       # that run
  linkwalk report -o json                     # its outcomes, for machines
  linkwalk report merge shard-*.json          # the reports of shards as one";

pub(super) const REPORT_MERGE: &str = "\
Examples:
  linkwalk report merge shard-*.json                            # of an apply, split with --shard
  linkwalk report merge audit-*.json --report html=audit.html   # of an audit, as a page
  linkwalk report merge --partial shard-1.json shard-3.json     # although one is missing

The files are what `apply -o json` or `audit -o json` of every shard wrote. Exit codes are those of
the whole.";

pub(super) const FORCE_UNLOCK: &str = "\
Examples:
  linkwalk force-unlock 20261123T024501Z-ab12         # the id is in the refusal; asks
  linkwalk force-unlock 20261123T024501Z-ab12 --yes   # does not ask";

pub(super) const AUDIT: &str = "\
Examples:
  linkwalk audit                                                    # for people
  linkwalk audit --report html=audit.html --report junit=audit.xml  # a page, and a report for CI
  linkwalk audit --since yesterday.json --report json=today.json    # what is new, fixed and left
  linkwalk audit --notify -o sarif                                  # tells whom accounts.toml names

Exit codes: 0 no drift; 2 drift; 1 an account could not be looked at, whatever else was found.";

pub(super) const REHEARSE: &str = "\
Examples:
  linkwalk rehearse --accounts 1000 --endpoints ecr,logs,ssm     # how long would it take?
  linkwalk rehearse --faults realistic --html rehearsal.html     # when things go wrong, as a page
  linkwalk plan --save-world world.json && linkwalk rehearse --world world.json   # on yours";

pub(super) const ROLE: &str = "\
Examples:
  linkwalk role > role.yaml                # CloudFormation, with the commands for a StackSet in it
  linkwalk role --for plan,audit           # a role that can change nothing
  linkwalk role --for apply,destroy --format terraform --out modules/linkwalk   # a module
  linkwalk role --caller --format json     # what whoever runs linkwalk needs
  linkwalk role --trust arn:aws:iam::111122223333:role/runner --organization o-a1b2c3d4e5";

pub(super) const DESTROY: &str = "\
Examples:
  linkwalk destroy --plan                       # what would go
  linkwalk destroy --account 111122223333       # one account; it need not be a consumer any more
  linkwalk destroy --yes --confirm o-a1b2c3d4e5 # for pipelines";

pub(super) const SANDBOX: &str = "\
Examples:
  linkwalk --sandbox apply --yes   # no AWS account needed
  linkwalk sandbox break           # make drift
  linkwalk --sandbox plan          # find it
  linkwalk sandbox reset           # begin anew";

pub(super) const SANDBOX_BREAK: &str = "\
Examples:
  linkwalk sandbox break                        # any way that fits
  linkwalk sandbox break open-group --seed 3    # this way, the same resource every time";

pub(super) const SANDBOX_RESET: &str = "\
Examples:
  linkwalk sandbox reset              # forgets every world
  linkwalk sandbox reset && linkwalk --sandbox plan   # and begins anew";

pub(super) const SANDBOX_SERVE: &str = "\
Examples:
  linkwalk sandbox serve                                # the demo organization on port 4566
  linkwalk sandbox serve --port 0 --world shop.toml     # a scenario of your own, on any free port
  linkwalk sandbox serve --empty                        # one account with nothing in it

It prints what to export; the AWS CLI, boto3 and Terraform work in it then.";

pub(super) const SCHEMA: &str = "\
Examples:
  linkwalk schema config > accounts.schema.json   # for editors: #:schema ./accounts.schema.json
  linkwalk schema report                          # of what `apply -o json` writes
  linkwalk schema event                           # of every line of `apply -o jsonl`";

pub(super) const COMPLETIONS: &str = "\
Examples:
  linkwalk completions bash > ~/.local/share/bash-completion/completions/linkwalk
  linkwalk completions zsh > ~/.zfunc/_linkwalk   # and in ~/.zshrc: fpath+=~/.zfunc before compinit
  linkwalk completions fish > ~/.config/fish/completions/linkwalk.fish
  linkwalk completions elvish >> ~/.config/elvish/rc.elv
  linkwalk completions powershell >> $PROFILE";

pub(super) const MAN: &str = "\
Examples:
  linkwalk man --out ~/.local/share/man/man1   # every page; then: man linkwalk-apply
  linkwalk man > linkwalk.1                    # the main page";

pub(super) const EXPLAIN: &str = "\
Examples:
  linkwalk explain                       # every code, by group
  linkwalk explain dns-attributes-off    # why something is blocked, and what to do
  linkwalk explain UnauthorizedOperation # an error of AWS's
  linkwalk explain 2                     # an exit code";

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory, Parser};

    use crate::cli::Cli;

    /// Every command and subcommand, with its whole name.
    fn commands(command: &Command, above: &str, all: &mut Vec<(String, Command)>) {
        let name = format!("{above} {}", command.get_name()).trim().to_owned();
        all.push((name.clone(), command.clone()));
        for one in command.get_subcommands() {
            commands(one, &name, all);
        }
    }

    /// The lines under "Examples:".
    fn examples(command: &Command) -> Vec<String> {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1);
        lines.take_while(|line| !line.is_empty()).map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn every_command_has_a_few_examples_of_its_own() {
        let mut all = Vec::new();
        commands(&Cli::command(), "", &mut all);
        assert!(all.len() > 15, "{}", all.len());
        for (name, command) in all {
            let examples = examples(&command);
            assert!((2..=5).contains(&examples.len()), "{name}: {examples:?}");
            let verb = name.split(' ').next_back().unwrap();
            let shows = examples.iter().any(|example| example.contains(verb));
            assert!(shows, "no example of {name} shows it: {examples:?}");
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in help.lines() {
                assert!(line.chars().count() <= 100, "{name}: a terminal would break: {line}");
            }
            for example in &examples {
                assert!(example.starts_with("linkwalk "), "{name}: {example}");
            }
        }
    }

    #[test]
    fn every_example_is_understood() {
        let mut all = Vec::new();
        commands(&Cli::command(), "", &mut all);
        for example in all.iter().flat_map(|(_, command)| examples(command)) {
            let code = example.split('#').next().unwrap().replace('\'', "");
            for part in code.split("&&") {
                let words = part.split('>').next().unwrap().split_whitespace();
                let parsed = Cli::try_parse_from(words);
                assert!(parsed.is_ok(), "{example}\n{}", parsed.unwrap_err());
            }
        }
    }
}
