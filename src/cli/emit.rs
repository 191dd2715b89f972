//! `highwater emit`: job files that cut a sweep or a drill into shares for other machines. Prints, submits
//! nothing.

use std::fmt::Write as _;

use clap::{Args, Parser as _, ValueEnum};

use super::console::Console;
use super::{Cli, Command, Exit};

/// For whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    /// A shell script that hands an array of shares and the merge behind it to Slurm
    Slurm,
    /// Two Kubernetes jobs: an indexed one of the shares, and the merge
    Kubernetes,
    /// A line for GNU parallel
    Parallel,
}

#[derive(Debug, Args)]
pub(super) struct EmitArgs {
    /// What the job file is for
    target: Target,
    /// Into how many shares the work is cut
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    shards: u32,
    /// Processors for each share
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1024))]
    cpus: u32,
    /// Longest time of a share, hh:mm:ss (Slurm)
    #[arg(long, value_name = "TIME", default_value = "01:00:00", value_parser = time)]
    time: String,
    /// The container image that holds highwater (Kubernetes)
    #[arg(long, value_name = "IMAGE", default_value = concat!("highwater:", env!("CARGO_PKG_VERSION")))]
    image: String,
    /// The claim of the volume that scenario and results are on, mounted as the working folder
    /// (Kubernetes)
    #[arg(long, value_name = "NAME", default_value = "highwater")]
    volume: String,
    /// What is cut: a command of highwater, such as `sweep scenarios/mm1.toml --vary ...`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// `hh:mm:ss`.
fn time(text: &str) -> Result<String, String> {
    let parts: Vec<Option<u32>> = text.split(':').map(|p| p.parse().ok()).collect();
    match parts.as_slice() {
        [Some(_), Some(m), Some(s)] if *m < 60 && *s < 60 => Ok(text.to_owned()),
        _ => Err("write hh:mm:ss, such as 01:30:00".into()),
    }
}

pub(super) fn emit(args: &EmitArgs, console: &mut Console) -> Result<Exit, Exit> {
    let words = std::iter::once("highwater").chain(args.command.iter().map(String::as_str));
    // Loaded now, so that a bad scenario is refused here and not by a thousand tasks.
    let (checked, shared) = match Cli::try_parse_from(words) {
        Ok(Cli { command: Command::Sweep(it) }) => (it.check(console)?, it.shared_command()),
        Ok(Cli { command: Command::Drill(it) }) => (it.check(console)?, it.shared_command()),
        Ok(_) => {
            console.say("error: only a sweep or a drill can be cut into shares\n");
            return Err(Exit::Input);
        }
        Err(error) => {
            console.say(&format!("error: this is no command of highwater:\n{error}"));
            return Err(Exit::Input);
        }
    };
    let out = match checked {
        Ok(out) => out.to_string_lossy().into_owned(),
        Err(reason) => {
            console.say(&format!("error: {reason}\n"));
            return Err(Exit::Input);
        }
    };
    let mut words = vec!["highwater".to_owned()];
    words.extend(shared.into_iter().skip(1));
    let job = Job { args, words, out };
    console.out(&match args.target {
        Target::Slurm => job.slurm(),
        Target::Kubernetes => job.kubernetes(),
        Target::Parallel => job.parallel(),
    })?;
    Ok(Exit::Fine)
}

struct Job<'a> {
    args: &'a EmitArgs,
    /// The command without folder and share.
    words: Vec<String>,
    /// The folder of the whole.
    out: String,
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

impl Job<'_> {
    /// The command of a share whose number a shell puts in.
    fn share(&self, number: &str) -> String {
        let n = self.args.shards;
        let words: Vec<String> = self.words.iter().map(|w| quoted(w)).collect();
        format!(
            "{} --quiet --resume --threads {} --shard \"{number}/{n}\" --out {}\"-{number}-of-{n}\"",
            words.join(" "),
            self.args.cpus,
            quoted(&self.out),
        )
    }

    /// The command that puts all shares together.
    fn merge(&self) -> String {
        let (n, out) = (self.args.shards, quoted(&self.out));
        format!("highwater merge --out {out} {out}-*-of-{n}")
    }

    fn head(&self, how: &str) -> String {
        format!(
            "# {} shares of: {}\n# {how}\n# A share that was cut goes on when it is started again. \
             The merge ends with 1 when an objective was missed.\n",
            self.args.shards,
            self.words.iter().map(|w| quoted(w)).collect::<Vec<_>>().join(" "),
        )
    }

    fn slurm(&self) -> String {
        let Self { args, .. } = self;
        let mut text = String::from("#!/bin/bash\n");
        text.push_str(&self.head("Say `bash` and this file's name where sbatch is; highwater must be on the PATH of the nodes."));
        write!(
            text,
            "set -e\n\
             shares=$(sbatch --parsable --array=1-{n} --job-name=highwater --cpus-per-task={cpus} --time={time} \
             --requeue --output=highwater-%A_%a.txt <<'SHARE'\n#!/bin/bash\n{share}\nSHARE\n)\n\
             sbatch --dependency=afterok:\"$shares\" --kill-on-invalid-dep=yes --job-name=highwater-merge \
             --cpus-per-task=1 --time={time} --output=highwater-merge-%j.txt <<'MERGE'\n#!/bin/bash\n{merge}\nMERGE\n",
            n = args.shards,
            cpus = args.cpus,
            time = args.time,
            share = self.share("$SLURM_ARRAY_TASK_ID"),
            merge = self.merge(),
        )
        .expect("writing to a String");
        text
    }

    fn kubernetes(&self) -> String {
        let Self { args, .. } = self;
        // A JSON string is a YAML string.
        let text_of = |text: &str| serde_json::to_string(text).expect("text");
        let job = |name: &str, spec: &str, command: &str| {
            format!(
                "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\nspec:\n{spec}  template:\n    spec:\n      \
                 restartPolicy: OnFailure\n      containers:\n      - name: highwater\n        image: {image}\n        \
                 workingDir: /work\n        command: [\"sh\", \"-c\", {command}]\n        resources:\n          \
                 requests:\n            cpu: \"{cpus}\"\n        volumeMounts:\n        - name: work\n          \
                 mountPath: /work\n      volumes:\n      - name: work\n        persistentVolumeClaim:\n          \
                 claimName: {volume}\n",
                image = text_of(&args.image),
                command = text_of(command),
                cpus = args.cpus,
                volume = text_of(&args.volume),
            )
        };
        let n = args.shards;
        let share = format!("k=$((JOB_COMPLETION_INDEX + 1)); exec {}", self.share("$k"));
        let spec = format!(
            "  completions: {n}\n  parallelism: {n}\n  completionMode: Indexed\n  backoffLimit: {n}\n"
        );
        let merge = format!("{} || [ $? -eq 1 ]", self.merge());
        format!(
            "{head}{shares}---\n# When the shares are done: kubectl wait --for=condition=complete --timeout=-1s \
             job/highwater-shares\n{merge}",
            head = self.head("Apply the first job, wait, apply the second."),
            shares = job("highwater-shares", &spec, &share),
            merge = job("highwater-merge", "  backoffLimit: 0\n", &merge),
        )
    }

    fn parallel(&self) -> String {
        format!(
            "{head}parallel --halt soon,fail=1 {share} ::: $(seq {n}) && {merge}\n",
            head = self.head("A line for a shell with GNU parallel; --sshlogin spreads it over hosts that share the folder."),
            share = quoted(&self.share("{}").replace('"', "")),
            n = self.args.shards,
            merge = self.merge(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("a=b"), "a=b");
        assert_eq!(quoted("2 Gbps"), "'2 Gbps'");
        assert_eq!(quoted("it's $HOME"), "'it'\\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
