//! Rules about files that say what runs where.

use crate::diagnostic::{Rule, Severity};

pub(in crate::import) static MISSING_MOUNT: Rule = Rule {
    name: "missing-mount",
    severity: Severity::Warning,
    summary: "a container mounts a file that is not there",
    why: "Docker makes an empty folder where a file is missing, and the program in the container finds a folder where it wants its configuration.",
    bad: "services:\n  litellm:\n    image: ghcr.io/berriai/litellm:v1.106.2\n    volumes:\n      - ./no-such-config.yaml:/app/config.yaml\n",
    good: "services:\n  litellm:\n    image: ghcr.io/berriai/litellm:v1.106.2\n",
};

pub(in crate::import) static FOREIGN_BIND: Rule = Rule {
    name: "foreign-bind",
    severity: Severity::Error,
    summary: "a unit listens on the address of another machine",
    why: "A program can listen only on addresses of its own machine: with another's it fails at every start. It happens when a unit is copied from one machine to the next.",
    bad: "",
    good: "[Unit]\nDescription=Ollama\n\n[Service]\nExecStart=/usr/local/bin/ollama serve\n",
};
