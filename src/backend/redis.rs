//! Redis: where a gateway keeps answers to give again, and what its workers share.

use super::{Asker, Config, Container, Kind, Layer, Place, Role, Word, Workload};

pub(super) static KIND: Kind = Kind {
    name: "redis",
    title: "Redis",
    role: Role::Cache,
    layer: Layer::Data,
    port: Some(6379),
    base_path: "",
    health: &[],
    workload: Workload::Proxy,
    // The password is neither in a file of ours nor among the arguments, which everybody can list.
    command: &[
        Word::Text("sh"),
        Word::Text("-c"),
        Word::Text("exec redis-server \"$0\" - <<END\nrequirepass \"${REDIS_PASSWORD-}\"\nEND\n"),
        Word::Config("redis.conf"),
    ],
    configs: &[Config {
        name: "redis.conf",
        place: Place::Directory("redis.conf"),
    }],
    env: &[],
    endpoints: &[],
    modes: &[],
    litellm_provider: "openai",
    cloud: None,
    one_model_per_port: false,
    serves_by_source: false,
    mcp_stdio: None,
    calls_gateway: false,
    client_key: None,
    technique_field: None,
    techniques: &[],
    forbidden_env: &[],
    keeps_state: true,
    store: None,
    notifies: false,
    start_seconds: 30,
    container: Some(&Container {
        image: "docker.io/library/redis",
        port: Some(6379),
        publish: false,
        command: &[
            Word::Text("sh"),
            Word::Text("-c"),
            Word::Text(
                "exec docker-entrypoint.sh redis-server \"$0\" - <<END\nrequirepass \"${REDIS_PASSWORD-}\"\nEND\n",
            ),
            Word::Config("redis.conf"),
        ],
        configs: &[("redis.conf", "/usr/local/etc/redis/redis.conf")],
        data: Some("/data"),
        asker: Asker::Shell("REDISCLI_AUTH=\"${REDIS_PASSWORD-}\" redis-cli ping | grep -q PONG"),
    }),
    credentials: &[],
};
