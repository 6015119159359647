//! The gateway's database: a real `PostgreSQL`, made as we tell its image, and LiteLLM's own way to it with what we tell LiteLLM.

use std::collections::BTreeMap;
use std::fs;

use homelab::emit::Artifacts;

use crate::kheti::{KHETI, artifacts};
use crate::litellm::{platform, run, text_of};
use crate::tools;

/// An env file as its owner fills it in: each secret with the value that it has everywhere.
fn filled(made: &Artifacts, service: &str) -> BTreeMap<String, String> {
    let template = text_of(made, &format!("env/pi5l/{service}.env"));
    let mut secret = None;
    let mut variables = BTreeMap::new();
    for line in template.lines() {
        if let Some(told) = line.strip_prefix("# The secret `") {
            secret = told.split('`').next();
        } else if let Some((name, value)) = line.split_once('=')
            && !line.starts_with('#')
        {
            let value = match secret.take() {
                // With signs that mean something in a URL.
                Some(name) => format!("{name}/@:%?#"),
                None => value.to_owned(),
            };
            variables.insert(name.to_owned(), value);
        }
    }
    variables
}

fn lines(variables: &BTreeMap<String, String>) -> String {
    let lines = variables
        .iter()
        .map(|(name, value)| format!("{name}='{value}'\n"));
    lines.collect()
}

#[test]
fn litellm_finds_its_database_by_what_it_is_told() {
    let made = artifacts(&platform(KHETI));
    let (gateway, store) = (filled(&made, "litellm"), filled(&made, "postgres"));
    assert_eq!(gateway["DATABASE_HOST"], "postgres:5432");
    assert_eq!(gateway["DATABASE_PASSWORD"], store["POSTGRES_PASSWORD"]);
    let compose = text_of(&made, "compose/pi5l/docker-compose.yml");
    assert!(compose.contains("      DATABASE_HOST: \"postgres:5432\"\n"));
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("gateway.env"), lines(&gateway)).expect("writable");
    fs::write(folder.path().join("store.env"), lines(&store)).expect("writable");
    let Some(report) = run("database.py", &["gateway.env", "store.env"], folder.path()) else {
        return;
    };
    assert_eq!(report["user"], "litellm", "{report:#}");
    assert_eq!(report["database"], "litellm", "{report:#}");
    let refused = report["refused"].as_str().expect("a refusal");
    assert!(refused.contains("password authentication failed"));
    let tables = report["tables"].as_array().expect("tables");
    for wanted in [
        "LiteLLM_VerificationToken",
        "LiteLLM_BudgetTable",
        "LiteLLM_SpendLogs",
    ] {
        assert!(tables.iter().any(|it| it == wanted), "{report:#}");
    }
    // Prisma's engine is no package of a registry: its installer fetches it from a server of its makers.
    assert_eq!(report["engine"], false, "there is an engine: ask it");
    tools::tell(
        "no key and no budget: LiteLLM's database engine (Prisma's) is in no registry; its URL, password and tables are checked in a real PostgreSQL",
    );
}
