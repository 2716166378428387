-- From version 9 to 10.

-- Alerts: a move names the time before it.
DROP TRIGGER notice_of_move;
CREATE TRIGGER notice_of_move AFTER INSERT ON history
WHEN NEW.from_state = NEW.to_state
    AND CASE WHEN json_valid(NEW.why) THEN json_extract(NEW.why, '$.code') END
        IN ('deferred', 'advanced', 'on_quota_is_fail', 'window_beyond_expiry')
BEGIN
    INSERT INTO notice (kind, account, job, subject, raised_at, why)
    SELECT 'moved', account, id, coalesce(
        (SELECT nullif(subject, '') FROM notice WHERE job = NEW.job AND state = 'new' AND kind = 'moved'),
        NEW.why ->> 'was_due', ''), NEW.at, NEW.why FROM job WHERE id = NEW.job;
    UPDATE notice SET state = 'closed' WHERE job = NEW.job AND state = 'new' AND kind = 'moved'
        AND id < (SELECT max(id) FROM notice WHERE job = NEW.job AND kind = 'moved');
END;
