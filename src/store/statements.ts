// Every statement that is ever run, by name. Each write may be run twice: after a crash nobody knows whether it was.

const decisionColumns = `id, time, target, action, port, limited AS "limit", until, cause, reason, phone, behind, offence, enforced,
  ended_time AS endedTime, ended_by AS endedBy`;
const isOver = `(ended_time IS NOT NULL OR action IN ('notice', 'stale-phone') OR until <= :now)`;

export const statements = {
  saveDecision: `INSERT INTO decisions
      (id, time, target, action, port, limited, until, cause, reason, phone, behind, offence, enforced)
    VALUES (:id, :time, :target, :action, :port, :limit, :until, :cause, :reason, :phone, :behind, :offence, :enforced)
    ON CONFLICT (id) DO UPDATE SET action = excluded.action, until = excluded.until, cause = excluded.cause,
      reason = excluded.reason, offence = excluded.offence, enforced = excluded.enforced`,
  endDecision: `UPDATE decisions SET ended_time = :time, ended_by = :by WHERE id = :id AND ended_time IS NULL`,
  endDecisionsOf: `UPDATE decisions SET ended_time = :time, ended_by = :by
    WHERE target = :target AND ended_time IS NULL AND (until IS NULL OR until > :time)`,
  activeDecisions: `SELECT ${decisionColumns} FROM decisions WHERE NOT coalesce(${isOver}, 0)
    ORDER BY time, rowid`,
  decisionsSince: `SELECT ${decisionColumns} FROM decisions WHERE rowid IN
      (SELECT rowid FROM decisions WHERE time >= :since ORDER BY time DESC, rowid DESC LIMIT :limit)
    ORDER BY time, rowid`,
  decisionsOf: `SELECT ${decisionColumns} FROM decisions WHERE target = :target
    ORDER BY time DESC, rowid DESC LIMIT :limit`,
  pruneDecisions: `DELETE FROM decisions WHERE time < :before AND ${isOver}`,
  capDecisions: `DELETE FROM decisions WHERE ${isOver} AND rowid IN
    (SELECT rowid FROM decisions ORDER BY time DESC LIMIT -1 OFFSET :limit)`,

  saveAttack: `INSERT INTO attacks (id, source, country, autonomous_system, attack, proof, first_time, last_time,
      messages, victims, evidence, action, until, reason, acts)
    VALUES (:id, :source, :country, :autonomousSystem, :attack, :proof, :firstTime, :lastTime,
      :messages, :victims, :evidence, :action, :until, :reason, :acts)
    ON CONFLICT (id) DO UPDATE SET country = excluded.country, autonomous_system = excluded.autonomous_system,
      proof = excluded.proof, first_time = excluded.first_time, last_time = excluded.last_time,
      messages = excluded.messages, victims = excluded.victims, evidence = excluded.evidence,
      action = excluded.action, until = excluded.until, reason = excluded.reason, acts = excluded.acts`,
  attacks: `SELECT id, source, country, autonomous_system AS autonomousSystem, attack, proof,
      first_time AS firstTime, last_time AS lastTime, messages, victims, evidence, action, until, reason, acts
    FROM attacks WHERE last_time >= :since AND source = coalesce(:source, source)
    ORDER BY last_time DESC, rowid DESC LIMIT :limit`,
  pruneAttacks: 'DELETE FROM attacks WHERE last_time < :before',
  capAttacks: `DELETE FROM attacks WHERE rowid IN
    (SELECT rowid FROM attacks ORDER BY last_time DESC LIMIT -1 OFFSET :limit)`,

  saveListEntries: `INSERT INTO lists (list, target, note, author, time, until, addresses)
    SELECT :list, value ->> 'target', value ->> 'note', value ->> 'author', value ->> 'time', value ->> 'until',
      value -> 'addresses'
    FROM json_each(:entries) WHERE true
    ON CONFLICT (list, target) DO UPDATE SET note = excluded.note, author = excluded.author, time = excluded.time,
      until = excluded.until, addresses = excluded.addresses`,
  removeListEntries: `DELETE FROM lists WHERE list = :list AND target IN (SELECT value FROM json_each(:targets))`,
  listEntries: `SELECT target, note, author, time, until, addresses FROM lists WHERE list = :list
    ORDER BY time, rowid`,

  saveProposal: `INSERT INTO proposals (target, time, bans, reason, answer, answered_time, answered_by)
    VALUES (:target, :time, :bans, :reason, :answer, :answeredTime, :answeredBy)
    ON CONFLICT (target) DO UPDATE SET time = excluded.time, bans = excluded.bans, reason = excluded.reason,
      answer = excluded.answer, answered_time = excluded.answered_time, answered_by = excluded.answered_by`,
  proposals: `SELECT target, time, bans, reason, answer, answered_time AS answeredTime, answered_by AS answeredBy
    FROM proposals ORDER BY time, target`,
  pruneProposals: 'DELETE FROM proposals WHERE time < :before',

  saveShield: `INSERT INTO shield (kind, target, name, why, since, proven_since, last_seen, until, ports, call_id)
    VALUES (:kind, :target, :name, :why, :since, :provenSince, :lastSeen, :until, :ports, :callId)
    ON CONFLICT (kind, target, name) DO UPDATE SET why = excluded.why, since = excluded.since,
      proven_since = excluded.proven_since, last_seen = excluded.last_seen, until = excluded.until,
      ports = excluded.ports, call_id = excluded.call_id`,
  removeShield: 'DELETE FROM shield WHERE kind = :kind AND target = :target AND name = :name',
  shield: `SELECT kind, target, name, why, since, proven_since AS provenSince, last_seen AS lastSeen, until, ports,
      call_id AS callId
    FROM shield WHERE until IS NULL OR until > :now ORDER BY last_seen`,
  pruneShield: 'DELETE FROM shield WHERE until <= :now',

  saveChange: `INSERT INTO changes (id, kind, target, by, time, until, hits)
    VALUES (:id, :kind, :target, :by, :time, :until, :hits) ON CONFLICT (id) DO NOTHING`,
  removeChange: 'DELETE FROM changes WHERE id = :id',
  saveLimit: `INSERT INTO limits (limited, target, per_minute, note, author, time)
    VALUES (:limit, :target, :perMinute, :note, :author, :time)
    ON CONFLICT (limited, target) DO UPDATE SET per_minute = excluded.per_minute, note = excluded.note,
      author = excluded.author, time = excluded.time`,
  removeLimits: 'DELETE FROM limits WHERE target = :target',
  limits: `SELECT limited AS "limit", target, per_minute AS perMinute, note, author, time FROM limits
    ORDER BY time, target, limited`,

  changes: 'SELECT id, kind, target, by, time, until, hits FROM changes ORDER BY time, id',
} as const;

export type StatementName = keyof typeof statements;
