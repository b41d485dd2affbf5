"""Proposals to change the queue's policy, figures by the hour, and the ways in which cases are searched."""

from app.migrations.script import execute_script

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SQL = """
CREATE TABLE queue_policy_proposals (
    proposal_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    based_on integer NOT NULL CHECK (based_on >= 0),
    body jsonb NOT NULL,
    note text NOT NULL DEFAULT '',
    moves_waiting boolean NOT NULL DEFAULT false,
    may_lower boolean NOT NULL DEFAULT false,
    proposer bigint NOT NULL REFERENCES accounts,
    proposed_at timestamptz NOT NULL DEFAULT now(),
    outcome text CHECK (outcome IN ('approved', 'refused', 'withdrawn')),
    decided_by bigint REFERENCES accounts,
    decided_at timestamptz,
    version integer UNIQUE REFERENCES queue_policies,
    moved_at timestamptz,
    n_moved integer,
    CONSTRAINT decided_as_a_whole CHECK (
        (outcome IS NULL) = (decided_by IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)
    ),
    CONSTRAINT two_persons CHECK (outcome IS NULL OR (outcome = 'withdrawn') = (decided_by = proposer)),
    CONSTRAINT approved_has_its_version CHECK (
        (outcome IS NOT DISTINCT FROM 'approved') = (version IS NOT NULL)
    ),
    CONSTRAINT lowers_what_it_moves CHECK (moves_waiting OR NOT may_lower)
);

COMMENT ON TABLE queue_policy_proposals IS
    'What one supervisor would change and another approves; an operator at the console needs no proposal.';

COMMENT ON COLUMN queue_policy_proposals.based_on IS
    'The version that was in force; 0 for the defaults. A proposal does not outlive it.';

COMMENT ON COLUMN queue_policy_proposals.moves_waiting IS
    'Whether, once approved, cases that wait already are ranked anew; moved_at says when that was done.';

CREATE UNIQUE INDEX queue_policy_proposals_open ON queue_policy_proposals ((outcome IS NULL))
    WHERE outcome IS NULL;

COMMENT ON INDEX queue_policy_proposals_open IS
    'One proposal at a time: a second would be outdated by the first.';

CREATE INDEX queue_policy_proposals_to_move ON queue_policy_proposals (decided_at)
    WHERE outcome = 'approved' AND moves_waiting AND moved_at IS NULL;

CREATE FUNCTION keep_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.proposal_id, NEW.based_on, NEW.body, NEW.note, NEW.moves_waiting, NEW.may_lower, NEW.proposer,
            NEW.proposed_at)
        IS DISTINCT FROM (OLD.proposal_id, OLD.based_on, OLD.body, OLD.note, OLD.moves_waiting, OLD.may_lower,
            OLD.proposer, OLD.proposed_at)
        OR OLD.outcome IS NOT NULL AND (NEW.outcome, NEW.decided_by, NEW.decided_at, NEW.version)
            IS DISTINCT FROM (OLD.outcome, OLD.decided_by, OLD.decided_at, OLD.version)
        OR OLD.moved_at IS NOT NULL
    THEN
        RAISE EXCEPTION 'what was proposed, and what was decided, stays' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER queue_policy_proposals_keep BEFORE UPDATE ON queue_policy_proposals
    FOR EACH ROW EXECUTE FUNCTION keep_proposal();

CREATE TRIGGER queue_policy_proposals_never_deleted BEFORE DELETE OR TRUNCATE ON queue_policy_proposals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_delete();

CREATE TABLE review_hours (
    hour timestamptz NOT NULL,
    port text NOT NULL,
    n_primary integer NOT NULL DEFAULT 0,
    n_second integer NOT NULL DEFAULT 0,
    n_supervisor integer NOT NULL DEFAULT 0,
    n_closed integer NOT NULL DEFAULT 0,
    n_on_time integer NOT NULL DEFAULT 0,
    n_inspect integer NOT NULL DEFAULT 0,
    n_flag_inspect integer NOT NULL DEFAULT 0,
    n_flag_release integer NOT NULL DEFAULT 0,
    n_clear_inspect integer NOT NULL DEFAULT 0,
    n_clear_release integer NOT NULL DEFAULT 0,
    n_second_agreed integer NOT NULL DEFAULT 0,
    PRIMARY KEY (hour, port)
) WITH (fillfactor = 50);

COMMENT ON TABLE review_hours IS
    'What people decided, by the hour and port; kept by one process at a time from the audit trail.';

COMMENT ON COLUMN review_hours.n_inspect IS 'Of the closed cases, those to be opened.';

COMMENT ON COLUMN review_hours.n_flag_inspect IS
    'Primary verdicts: the screening flagged the scan, the person wants it opened; likewise the other three.';

COMMENT ON COLUMN review_hours.n_second_agreed IS 'Second reviews with the verdict of the first.';

CREATE TABLE review_hours_state (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    counted pg_snapshot NOT NULL
);

COMMENT ON TABLE review_hours_state IS 'review_hours holds the decisions that this snapshot saw.';

CREATE INDEX cases_opened ON cases (opened_at, case_id);

CREATE INDEX cases_port_opened ON cases (port, opened_at, case_id);

CREATE INDEX cases_reason_opened ON cases (reason, opened_at, case_id);

CREATE INDEX decisions_reviewer_time ON decisions (reviewer, decided_at, decision_id);
"""


def upgrade() -> None:
    """Add what supervisors need."""
    execute_script(SQL)
