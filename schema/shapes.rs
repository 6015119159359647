// Made from the types in src/manifest and the names of the rules; `HOMELAB_WRITE=1 cargo test --test suite committed` makes it again.

#[rustfmt::skip]
#[allow(clippy::unreadable_literal, reason = "nobody reads it")]
pub(super) static TABLE: Compiled<'static> = Compiled {
    root: 187,
    shapes: Cow::Borrowed(&[
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[15]) }, // 0
        Shape { anything: false, text: None, integer: Some(Range { least: Some(0.0), greatest: Some(10000.0) }), float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 1
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[0]) }, // 2
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::NAME), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 3
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::SIZE), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 4
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::SIZE), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 5
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::DURATION), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 6
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::DURATION), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 7
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[0]) }, // 8
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[1]) }, // 9
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[1]) }, // 10
        Shape { anything: false, text: None, integer: None, float: None, boolean: true, array: None, tables: Cow::Borrowed(&[]) }, // 11
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[2]) }, // 12
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::ENV_NAME), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 13
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[2]) }, // 14
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[5]) }, // 15
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[3]) }, // 16
        Shape { anything: false, text: None, integer: None, float: Some(Range { least: Some(0.01), greatest: Some(1000000000.0) }), boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 17
        Shape { anything: false, text: None, integer: Some(Range { least: Some(1.0), greatest: Some(1000000.0) }), float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 18
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[3]) }, // 19
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[4]) }, // 20
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[4]) }, // 21
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[10]) }, // 22
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: Some(Range { least: None, greatest: None }), float: Some(Range { least: None, greatest: None }), boolean: true, array: Some(ArrayShape { items: Some(23), shortest: 0, longest: u64::MAX }), tables: Cow::Borrowed(&[6]) }, // 23
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[7]) }, // 24
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[8]) }, // 25
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[9]) }, // 26
        Shape { anything: false, text: None, integer: Some(Range { least: Some(0.0), greatest: Some(100.0) }), float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 27
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[11]) }, // 28
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[11]) }, // 29
        Shape { anything: false, text: None, integer: Some(Range { least: Some(0.0), greatest: Some(20.0) }), float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 30
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[12]) }, // 31
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 32
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[13]) }, // 33
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["simple-shuffle", "least-busy", "latency-based-routing", "cost-based-routing", "usage-based-routing-v2"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 34
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["simple-shuffle", "least-busy", "latency-based-routing", "cost-based-routing", "usage-based-routing-v2"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 35
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[14]) }, // 36
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::PATH), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 37
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[14]) }, // 38
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[19]) }, // 39
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[16]) }, // 40
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::DATE), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 41
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[16]) }, // 42
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: Some(ArrayShape { items: Some(32), shortest: 0, longest: u64::MAX }), tables: Cow::Borrowed(&[]) }, // 43
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[17]) }, // 44
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[17]) }, // 45
        Shape { anything: false, text: None, integer: Some(Range { least: Some(1.0), greatest: Some(1000.0) }), float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 46
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: Some(ArrayShape { items: Some(44), shortest: 0, longest: u64::MAX }), tables: Cow::Borrowed(&[]) }, // 47
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[18]) }, // 48
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["live", "planned"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 49
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["public", "internal"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 50
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[20]) }, // 51
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[24]) }, // 52
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::ADDRESS), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 53
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[21]) }, // 54
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::PATH), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 55
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::HOST_NAME), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 56
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: Some(ArrayShape { items: Some(56), shortest: 0, longest: u64::MAX }), tables: Cow::Borrowed(&[]) }, // 57
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["systemd", "launchd", "compose", "quadlet", "none"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 58
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["systemd", "launchd", "compose", "quadlet", "none"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 59
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["linux", "macos", "windows"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 60
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["live", "planned", "template", "retired"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 61
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::USER), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 62
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::USER), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 63
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[22]) }, // 64
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["showroom", "backroom"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 65
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[23]) }, // 66
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[25]) }, // 67
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[29]) }, // 68
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[26]) }, // 69
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["allow", "warn", "deny"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 70
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["aged-model-id", "answer-above-context", "backend-called-directly", "backroom-handle", "borrowed-port", "broken-link", "broken-reference", "bypassed-optimiser", "contested-file", "contradicting-pin", "dead-handle", "dead-successor", "default-context", "default-credential", "dropped-parameter", "duplicate-server-name", "duplicate-tool", "empty-slot-url", "ephemeral-port", "expired-approval", "expired-exception", "exposed-optimiser", "fallback-in-same-domain", "fallback-to-deprecated", "gpu-memory-overcommitted", "handle-not-model-id", "impatient-client", "key-for-two-providers", "keyless-client", "keyless-gateway", "known-bad-version", "literal-platform-url", "literal-secret", "lone-cooldown", "malformed-handle", "memory-overcommitted", "misnamed-handle", "missing-base-path", "missing-credential", "missing-endpoint", "needless-exposure", "optimiser-elsewhere", "parameter-above-limit", "path-outside-volume", "placeholder", "privileged-port", "probe-loads-model", "retired-name", "retired-name-in-document", "reversed-setting", "second-gateway", "secret-argument", "sourceless-model", "stale-port-in-document", "stale-url-in-document", "system-claimed-port", "system-python", "technique-in-handle", "too-many-boot-models", "tools-out-of-reach", "trailing-slash", "unapproved-exposure", "unconfirmed-tool", "unexplained-service", "unknown-handle-in-document", "unmade-mount", "unprobed-service", "unsandboxed-tool", "unserved-mode", "unsized-model", "unusable-address", "unusable-tool-name", "unused-exception", "unused-secret", "unwritten-config", "weaker-fallback", "wrong-prefix", "changed-port", "conflicted-lock", "contested-port", "edited-lock-line", "idle-migration", "missing-lock", "newer-lock", "reused-port", "revived-handle", "truncated-lock", "unknown-lock-line", "unsorted-lock", "vanished-handle"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 71
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: Some(ArrayShape { items: Some(69), shortest: 0, longest: u64::MAX }), tables: Cow::Borrowed(&[]) }, // 72
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[27]) }, // 73
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[28]) }, // 74
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[36]) }, // 75
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[30]) }, // 76
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[30]) }, // 77
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::ENV_NAME), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 78
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::NAME), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 79
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: Some(ArrayShape { items: Some(76), shortest: 0, longest: u64::MAX }), tables: Cow::Borrowed(&[]) }, // 80
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: Some(Range { least: None, greatest: None }), float: None, boolean: true, array: None, tables: Cow::Borrowed(&[30]) }, // 81
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[31]) }, // 82
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["live", "planned", "possible", "disabled", "retired"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 83
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[34]) }, // 84
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[32]) }, // 85
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[33]) }, // 86
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[35]) }, // 87
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["stdio", "http", "sse"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 88
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[37]) }, // 89
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[38]) }, // 90
        Shape { anything: false, text: None, integer: Some(Range { least: Some(1.0), greatest: Some(65535.0) }), float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 91
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::HANDLE), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 92
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::HANDLE), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 93
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: Some(ArrayShape { items: Some(90), shortest: 0, longest: u64::MAX }), tables: Cow::Borrowed(&[]) }, // 94
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[41]) }, // 95
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["tools", "vision", "reasoning", "structured-output"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 96
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: Some(ArrayShape { items: Some(96), shortest: 0, longest: u64::MAX }), tables: Cow::Borrowed(&[]) }, // 97
        Shape { anything: false, text: None, integer: Some(Range { least: Some(1.0), greatest: Some(100000000.0) }), float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 98
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["chat", "completion", "embedding", "rerank", "image-generation", "audio-transcription", "audio-speech"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 99
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::PARAMETER_COUNT), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 100
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::PARAMETER_COUNT), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 101
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[39]) }, // 102
        Shape { anything: false, text: None, integer: None, float: Some(Range { least: Some(0.0), greatest: Some(1000000.0) }), boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 103
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[39]) }, // 104
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[40]) }, // 105
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["live", "planned", "retired"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 106
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[42]) }, // 107
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[43]) }, // 108
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["service", "host", "model"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 109
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: Some(ArrayShape { items: Some(108), shortest: 0, longest: u64::MAX }), tables: Cow::Borrowed(&[]) }, // 110
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[44]) }, // 111
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["lan", "tailnet"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 112
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[45]) }, // 113
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[48]) }, // 114
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[46]) }, // 115
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["GET", "POST"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 116
        Shape { anything: false, text: None, integer: Some(Range { least: Some(100.0), greatest: Some(599.0) }), float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 117
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[47]) }, // 118
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: Some(ArrayShape { items: Some(3), shortest: 0, longest: u64::MAX }), tables: Cow::Borrowed(&[]) }, // 119
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[57]) }, // 120
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["free", "model-id"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 121
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[49]) }, // 122
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[50]) }, // 123
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[51]) }, // 124
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[51]) }, // 125
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[56]) }, // 126
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[54]) }, // 127
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[52]) }, // 128
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["parameters", "place", "price", "mode", "kind", "host", "quantisation"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 129
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[53]) }, // 130
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[55]) }, // 131
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[56]) }, // 132
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[58]) }, // 133
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: Some(ArrayShape { items: Some(133), shortest: 0, longest: u64::MAX }), tables: Cow::Borrowed(&[]) }, // 134
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[60]) }, // 135
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[59]) }, // 136
        Shape { anything: false, text: None, integer: Some(Range { least: Some(16.0), greatest: Some(128.0) }), float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 137
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[59]) }, // 138
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[61]) }, // 139
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[75]) }, // 140
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[62]) }, // 141
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[62]) }, // 142
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[66]) }, // 143
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["nvidia", "amd", "intel"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 144
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["nvidia", "amd", "intel"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 145
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[63]) }, // 146
        Shape { anything: false, text: None, integer: Some(Range { least: Some(1.0), greatest: Some(100.0) }), float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 147
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[63]) }, // 148
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[64]) }, // 149
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: Some(ArrayShape { items: Some(149), shortest: 0, longest: u64::MAX }), tables: Cow::Borrowed(&[]) }, // 150
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[65]) }, // 151
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[66]) }, // 152
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["chat-completions", "completions", "embeddings", "responses", "messages", "images-generations", "audio-transcriptions", "audio-speech", "rerank", "models", "health"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 153
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: Some(ArrayShape { items: Some(153), shortest: 0, longest: u64::MAX }), tables: Cow::Borrowed(&[]) }, // 154
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[67]) }, // 155
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[68]) }, // 156
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: Some(ArrayShape { items: Some(156), shortest: 0, longest: u64::MAX }), tables: Cow::Borrowed(&[]) }, // 157
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["interface", "gateway", "inference", "tools", "data", "observability"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 158
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["interface", "gateway", "inference", "tools", "data", "observability"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 159
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["systemd", "launchd", "docker", "podman", "package", "manual", "external"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 160
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["systemd", "launchd", "docker", "podman", "package", "manual", "external"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 161
        Shape { anything: false, text: None, integer: Some(Range { least: Some(1.0), greatest: Some(65535.0) }), float: None, boolean: false, array: None, tables: Cow::Borrowed(&[69]) }, // 162
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[69]) }, // 163
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::PORT_RANGE), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 164
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[70]) }, // 165
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[71]) }, // 166
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[73]) }, // 167
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: Some(ArrayShape { items: Some(62), shortest: 0, longest: u64::MAX }), tables: Cow::Borrowed(&[]) }, // 168
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::LABEL), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 169
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[72]) }, // 170
        Shape { anything: false, text: None, integer: Some(Range { least: Some(64.0), greatest: Some(1048576.0) }), float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 171
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: Some(ArrayShape { items: Some(37), shortest: 0, longest: u64::MAX }), tables: Cow::Borrowed(&[]) }, // 172
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["always", "on-failure", "no"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 173
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["always", "on-failure", "no"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 174
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::UNIT), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 175
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["proxy", "cpu-inference", "gpu-inference"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 176
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["proxy", "cpu-inference", "gpu-inference"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 177
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[74]) }, // 178
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[74]) }, // 179
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&["live", "planned", "experimental", "disabled", "retired"]), open: false, kind: None, shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 180
        Shape { anything: false, text: Some(Text { words: Cow::Borrowed(&[]), open: false, kind: Some(&word::URL), shortest: 0, longest: u64::MAX }), integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 181
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[76]) }, // 182
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[78]) }, // 183
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[77]) }, // 184
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[79]) }, // 185
        Shape { anything: false, text: None, integer: Some(Range { least: Some(1.0), greatest: Some(1.0) }), float: None, boolean: false, array: None, tables: Cow::Borrowed(&[]) }, // 186
        Shape { anything: false, text: None, integer: None, float: None, boolean: false, array: None, tables: Cow::Borrowed(&[80]) }, // 187
    ]),
    tables: Cow::Borrowed(&[
        TableShape { properties: Cow::Borrowed(&[required("service", 3), p("size", 5), p("ttl", 7), ]), others: Keys::Refused }, // 0
        TableShape { properties: Cow::Borrowed(&[required("service", 3), ]), others: Keys::Refused }, // 1
        TableShape { properties: Cow::Borrowed(&[required("env", 13), ]), others: Keys::Refused }, // 2
        TableShape { properties: Cow::Borrowed(&[p("budget", 17), p("every", 7), p("requests_per_minute", 18), ]), others: Keys::Refused }, // 3
        TableShape { properties: Cow::Borrowed(&[required("budget", 17), required("every", 6), ]), others: Keys::Refused }, // 4
        TableShape { properties: Cow::Borrowed(&[p("key", 19), p("team", 19), p("total", 21), p("user", 21), ]), others: Keys::Refused }, // 5
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: None, value: 23 } }, // 6
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: None, value: 23 } }, // 7
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: None, value: 23 } }, // 8
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: None, value: 23 } }, // 9
        TableShape { properties: Cow::Borrowed(&[p("general_settings", 24), p("litellm_settings", 25), p("router_settings", 26), ]), others: Keys::Refused }, // 10
        TableShape { properties: Cow::Borrowed(&[required("cost", 27), required("quality", 27), required("speed", 27), ]), others: Keys::Refused }, // 11
        TableShape { properties: Cow::Borrowed(&[required("service", 3), p("title", 32), ]), others: Keys::Refused }, // 12
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::NAME), value: 31 } }, // 13
        TableShape { properties: Cow::Borrowed(&[required("certificate", 37), required("key", 37), ]), others: Keys::Refused }, // 14
        TableShape { properties: Cow::Borrowed(&[p("allowed_fails", 1), p("cache", 8), p("cooldown", 7), p("database", 10), p("drop_params", 11), p("json_logs", 11), p("key", 14), p("limits", 15), p("litellm", 22), p("max_fallbacks", 27), p("profile", 29), p("retries", 30), p("retry_after", 7), p("search_tools", 33), p("strategy", 35), p("stream_timeout", 7), p("timeout", 7), p("tls", 38), ]), others: Keys::Refused }, // 15
        TableShape { properties: Cow::Borrowed(&[required("in_favour_of", 32), p("reason", 32), p("since", 41), ]), others: Keys::Refused }, // 16
        TableShape { properties: Cow::Borrowed(&[required("model", 32), p("order", 46), p("weight", 46), ]), others: Keys::Refused }, // 17
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: None, value: 23 } }, // 18
        TableShape { properties: Cow::Borrowed(&[p("alias_of", 32), p("deprecated", 42), p("fallbacks", 43), p("model", 32), p("models", 47), p("notes", 32), p("parameters", 48), p("since", 41), p("state", 49), p("stream_timeout", 7), p("technique", 32), p("timeout", 7), p("title", 32), p("via", 32), p("visibility", 50), ]), others: Keys::Refused }, // 19
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::HANDLE), value: 39 } }, // 20
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::NAME), value: 53 } }, // 21
        TableShape { properties: Cow::Borrowed(&[p("notes", 32), required("path", 37), required("room", 65), ]), others: Keys::Refused }, // 22
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::NAME), value: 64 } }, // 23
        TableShape { properties: Cow::Borrowed(&[p("addresses", 54), p("checkout", 55), p("dns", 57), p("gpu_memory", 5), p("init", 59), p("memory", 5), p("notes", 32), required("os", 60), p("release", 32), p("state", 61), p("title", 32), p("user", 63), p("volumes", 66), ]), others: Keys::Refused }, // 24
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::NAME), value: 52 } }, // 25
        TableShape { properties: Cow::Borrowed(&[required("at", 32), p("level", 70), required("reason", 32), required("rule", 71), p("until", 41), ]), others: Keys::Refused }, // 26
        TableShape { properties: Cow::Borrowed(&[required("level", 70), required("reason", 32), p("until", 41), ]), others: Keys::Refused }, // 27
        TableShape { properties: Cow::Borrowed(&[p("aged-model-id", 73), p("answer-above-context", 73), p("backend-called-directly", 73), p("backroom-handle", 73), p("borrowed-port", 73), p("broken-link", 73), p("broken-reference", 73), p("bypassed-optimiser", 73), p("changed-port", 73), p("conflicted-lock", 73), p("contested-file", 73), p("contested-port", 73), p("contradicting-pin", 73), p("dead-handle", 73), p("dead-successor", 73), p("default-context", 73), p("default-credential", 73), p("dropped-parameter", 73), p("duplicate-server-name", 73), p("duplicate-tool", 73), p("edited-lock-line", 73), p("empty-slot-url", 73), p("ephemeral-port", 73), p("expired-approval", 73), p("expired-exception", 73), p("exposed-optimiser", 73), p("fallback-in-same-domain", 73), p("fallback-to-deprecated", 73), p("gpu-memory-overcommitted", 73), p("handle-not-model-id", 73), p("idle-migration", 73), p("impatient-client", 73), p("key-for-two-providers", 73), p("keyless-client", 73), p("keyless-gateway", 73), p("known-bad-version", 73), p("literal-platform-url", 73), p("literal-secret", 73), p("lone-cooldown", 73), p("malformed-handle", 73), p("memory-overcommitted", 73), p("misnamed-handle", 73), p("missing-base-path", 73), p("missing-credential", 73), p("missing-endpoint", 73), p("missing-lock", 73), p("needless-exposure", 73), p("newer-lock", 73), p("optimiser-elsewhere", 73), p("parameter-above-limit", 73), p("path-outside-volume", 73), p("placeholder", 73), p("privileged-port", 73), p("probe-loads-model", 73), p("retired-name", 73), p("retired-name-in-document", 73), p("reused-port", 73), p("reversed-setting", 73), p("revived-handle", 73), p("second-gateway", 73), p("secret-argument", 73), p("sourceless-model", 73), p("stale-port-in-document", 73), p("stale-url-in-document", 73), p("system-claimed-port", 73), p("system-python", 73), p("technique-in-handle", 73), p("too-many-boot-models", 73), p("tools-out-of-reach", 73), p("trailing-slash", 73), p("truncated-lock", 73), p("unapproved-exposure", 73), p("unconfirmed-tool", 73), p("unexplained-service", 73), p("unknown-handle-in-document", 73), p("unknown-lock-line", 73), p("unmade-mount", 73), p("unprobed-service", 73), p("unsandboxed-tool", 73), p("unserved-mode", 73), p("unsized-model", 73), p("unsorted-lock", 73), p("unusable-address", 73), p("unusable-tool-name", 73), p("unused-exception", 73), p("unused-secret", 73), p("unwritten-config", 73), p("vanished-handle", 73), p("weaker-fallback", 73), p("wrong-prefix", 73), ]), others: Keys::Refused }, // 28
        TableShape { properties: Cow::Borrowed(&[p("exceptions", 72), p("levels", 74), ]), others: Keys::Refused }, // 29
        TableShape { properties: Cow::Borrowed(&[p("env", 78), p("fill_in", 32), p("handle", 32), p("path", 32), p("port", 79), p("required", 11), p("secret", 79), p("url", 79), ]), others: Keys::Refused }, // 30
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::ENV_NAME), value: 81 } }, // 31
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: None, value: 32 } }, // 32
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: None, value: 32 } }, // 33
        TableShape { properties: Cow::Borrowed(&[p("failures", 43), p("inputs", 85), p("needs_confirmation", 11), p("outputs", 86), p("purpose", 32), p("runs_code", 11), p("sandbox", 32), ]), others: Keys::Refused }, // 34
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: None, value: 84 } }, // 35
        TableShape { properties: Cow::Borrowed(&[p("command", 80), p("env", 82), p("folder", 55), p("host", 79), p("name", 79), p("notes", 32), p("path", 32), required("purpose", 32), p("service", 79), p("state", 83), p("through_gateway", 11), p("token", 14), p("tools", 87), required("transport", 88), ]), others: Keys::Refused }, // 36
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::KEY), value: 75 } }, // 37
        TableShape { properties: Cow::Borrowed(&[required("by", 32), p("from", 91), p("host", 79), p("model", 93), required("reason", 32), p("service", 79), required("to", 91), required("when", 41), ]), others: Keys::Refused }, // 38
        TableShape { properties: Cow::Borrowed(&[required("input", 103), required("output", 103), ]), others: Keys::Refused }, // 39
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: None, value: 23 } }, // 40
        TableShape { properties: Cow::Borrowed(&[p("boot", 11), p("cache_path", 55), p("capabilities", 97), p("chat_template", 55), p("context_length", 98), p("format", 32), p("max_output_tokens", 98), p("memory", 5), p("mode", 99), p("notes", 32), p("parameters", 101), p("port", 91), p("price", 104), p("quantisation", 32), p("reasoning_parser", 32), p("repo", 32), p("request_params", 105), p("served_as", 32), required("service", 3), p("source_path", 55), p("state", 106), p("tier", 32), p("title", 32), p("tool_call_parser", 32), p("volume", 79), ]), others: Keys::Refused }, // 41
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::HANDLE), value: 95 } }, // 42
        TableShape { properties: Cow::Borrowed(&[required("from", 92), required("kind", 109), required("to", 92), p("when", 41), ]), others: Keys::Refused }, // 43
        TableShape { properties: Cow::Borrowed(&[required("kind", 112), p("notes", 32), p("title", 32), ]), others: Keys::Refused }, // 44
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::NAME), value: 111 } }, // 45
        TableShape { properties: Cow::Borrowed(&[p("body", 32), p("contains", 32), p("method", 116), p("needs_key", 11), required("path", 32), required("service", 3), p("status", 117), p("title", 32), ]), others: Keys::Refused }, // 46
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::NAME), value: 115 } }, // 47
        TableShape { properties: Cow::Borrowed(&[p("checks", 118), p("restart_order", 119), ]), others: Keys::Refused }, // 48
        TableShape { properties: Cow::Borrowed(&[p("form", 32), p("kinds", 43), p("notes", 32), ]), others: Keys::Refused }, // 49
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: None, value: 122 } }, // 50
        TableShape { properties: Cow::Borrowed(&[p("enabled", 11), p("internal_prefix", 32), required("kinds", 43), required("service", 3), ]), others: Keys::Refused }, // 51
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: None, value: 100 } }, // 52
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: None, value: 32 } }, // 53
        TableShape { properties: Cow::Borrowed(&[p("from", 128), required("says", 129), p("words", 130), ]), others: Keys::Refused }, // 54
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::KEY), value: 127 } }, // 55
        TableShape { properties: Cow::Borrowed(&[required("form", 32), p("notes", 32), p("parts", 131), ]), others: Keys::Refused }, // 56
        TableShape { properties: Cow::Borrowed(&[required("gateway", 3), p("handle_names", 121), p("naming", 123), p("optimiser", 125), p("prefer", 119), p("retired_names", 43), p("scheme", 132), ]), others: Keys::Refused }, // 57
        TableShape { properties: Cow::Borrowed(&[required("handle", 92), required("reason", 32), p("when", 41), ]), others: Keys::Refused }, // 58
        TableShape { properties: Cow::Borrowed(&[p("bytes", 137), p("prefix", 32), ]), others: Keys::Refused }, // 59
        TableShape { properties: Cow::Borrowed(&[p("generate", 138), p("notes", 32), p("obtain", 32), p("title", 32), ]), others: Keys::Refused }, // 60
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::NAME), value: 135 } }, // 61
        TableShape { properties: Cow::Borrowed(&[required("by", 32), required("reason", 32), p("until", 41), required("when", 41), ]), others: Keys::Refused }, // 62
        TableShape { properties: Cow::Borrowed(&[p("command", 43), p("interval", 7), p("retries", 147), p("start_period", 7), p("timeout", 7), ]), others: Keys::Refused }, // 63
        TableShape { properties: Cow::Borrowed(&[p("made_by", 32), required("source", 37), required("target", 37), p("writable", 11), ]), others: Keys::Refused }, // 64
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::NAME), value: 37 } }, // 65
        TableShape { properties: Cow::Borrowed(&[p("gpu", 145), p("healthcheck", 148), p("image", 32), p("mounts", 150), p("networks", 119), p("port", 91), p("profiles", 119), p("publish", 11), p("volumes", 151), ]), others: Keys::Refused }, // 66
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::ENV_NAME), value: 81 } }, // 67
        TableShape { properties: Cow::Borrowed(&[p("loads_model", 11), p("method", 116), p("needs_key", 11), required("path", 32), p("status", 117), ]), others: Keys::Refused }, // 68
        TableShape { properties: Cow::Borrowed(&[p("number", 91), p("purpose", 32), p("range", 164), ]), others: Keys::Refused }, // 69
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::NAME), value: 162 } }, // 70
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::NAME), value: 43 } }, // 71
        TableShape { properties: Cow::Borrowed(&[p("memory", 5), p("open_files", 171), ]), others: Keys::Refused }, // 72
        TableShape { properties: Cow::Borrowed(&[p("args", 80), p("command", 80), p("directory", 55), p("groups", 168), p("label", 169), p("limits", 170), p("readable", 172), p("restart", 174), p("restart_delay", 7), p("start_timeout", 7), p("unit", 175), p("user", 63), p("workload", 177), p("writable", 172), ]), others: Keys::Refused }, // 73
        TableShape { properties: Cow::Borrowed(&[p("https_port", 91), p("path", 32), ]), others: Keys::Refused }, // 74
        TableShape { properties: Cow::Borrowed(&[p("approval", 142), p("base_path", 32), p("bind", 32), p("calls", 119), p("container", 152), p("endpoints", 154), p("env", 155), p("env_file", 55), p("folder", 55), p("health", 157), p("host", 79), p("key", 14), required("kind", 32), p("layer", 159), p("managed_by", 161), p("notes", 32), p("pins", 43), p("port", 91), p("ports", 165), p("profiles", 166), p("program_version", 32), p("run", 167), p("serve", 179), p("state", 180), p("title", 32), p("tuning", 79), p("url", 181), ]), others: Keys::Refused }, // 75
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::NAME), value: 140 } }, // 76
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::ENV_NAME), value: 81 } }, // 77
        TableShape { properties: Cow::Borrowed(&[p("env", 184), p("notes", 32), p("title", 32), ]), others: Keys::Refused }, // 78
        TableShape { properties: Cow::Borrowed(&[]), others: Keys::Each { kind: Some(&word::NAME), value: 183 } }, // 79
        TableShape { properties: Cow::Borrowed(&[p("gateway", 0), p("handles", 51), required("hosts", 67), p("lint", 68), p("mcp", 89), p("migration", 94), p("models", 107), p("moved", 110), required("name", 3), p("networks", 113), p("notes", 32), p("ops", 114), required("policy", 120), p("retired", 134), p("secrets", 139), required("services", 182), p("title", 32), p("tunings", 185), required("version", 186), ]), others: Keys::Refused }, // 80
    ]),
};
