// The database's tables, as the steps that lead to them. A step that was released is never changed; a new one is added.

/** Step n brings user_version from n to n + 1. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE decisions (
    id TEXT PRIMARY KEY,
    time INTEGER NOT NULL,
    target TEXT NOT NULL,
    action TEXT NOT NULL,
    until INTEGER,
    cause TEXT NOT NULL,
    reason TEXT NOT NULL,
    offence INTEGER NOT NULL,
    enforced INTEGER NOT NULL,
    ended_time INTEGER,
    ended_by TEXT
  ) STRICT;
  CREATE INDEX decisions_by_target ON decisions (target, time);
  CREATE INDEX decisions_by_time ON decisions (time);

  CREATE TABLE attacks (
    id TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    attack TEXT NOT NULL,
    proof TEXT NOT NULL,
    first_time INTEGER NOT NULL,
    last_time INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    victims TEXT NOT NULL,
    evidence TEXT NOT NULL,
    action TEXT NOT NULL,
    until INTEGER,
    reason TEXT NOT NULL
  ) STRICT;
  CREATE INDEX attacks_by_time ON attacks (last_time);
  CREATE INDEX attacks_by_source ON attacks (source, last_time);

  CREATE TABLE lists (
    list TEXT NOT NULL,
    target TEXT NOT NULL,
    note TEXT NOT NULL,
    author TEXT NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (list, target)
  ) STRICT;

  CREATE TABLE shield (
    address TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    since INTEGER NOT NULL,
    proven_since INTEGER,
    last_seen INTEGER NOT NULL,
    until INTEGER NOT NULL
  ) STRICT;
  `,
  `
  ALTER TABLE decisions ADD COLUMN port TEXT;
  ALTER TABLE decisions ADD COLUMN phone TEXT;
  ALTER TABLE decisions ADD COLUMN behind TEXT;

  DROP TABLE shield;
  CREATE TABLE shield (
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    name TEXT NOT NULL,
    why TEXT NOT NULL,
    since INTEGER NOT NULL,
    proven_since INTEGER,
    last_seen INTEGER NOT NULL,
    until INTEGER,
    ports TEXT NOT NULL,
    call_id TEXT,
    PRIMARY KEY (kind, target, name)
  ) STRICT;

  CREATE TABLE changes (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    target TEXT,
    by TEXT NOT NULL,
    time INTEGER NOT NULL,
    until INTEGER NOT NULL,
    hits TEXT NOT NULL
  ) STRICT;
  `,
  `
  ALTER TABLE decisions ADD COLUMN limited TEXT;

  CREATE TABLE limits (
    limited TEXT NOT NULL,
    target TEXT NOT NULL,
    per_minute INTEGER NOT NULL,
    note TEXT NOT NULL,
    author TEXT NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (limited, target)
  ) STRICT;
  `,
  `
  ALTER TABLE attacks ADD COLUMN country TEXT;
  ALTER TABLE attacks ADD COLUMN autonomous_system TEXT;
  `,
  'ALTER TABLE attacks ADD COLUMN acts TEXT',
  `
  ALTER TABLE lists ADD COLUMN until INTEGER;
  ALTER TABLE lists ADD COLUMN addresses TEXT;

  CREATE TABLE proposals (
    target TEXT PRIMARY KEY,
    time INTEGER NOT NULL,
    bans INTEGER NOT NULL,
    reason TEXT NOT NULL,
    answer TEXT,
    answered_time INTEGER,
    answered_by TEXT
  ) STRICT;
  `,
];
