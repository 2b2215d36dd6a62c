"""Take each safeguard out of the code, one at a time: a test must notice.

`python -m tests.safeguards [WORDS]` copies the tree, makes one replacement in the copy and runs one
test there; WORDS choose safeguards by name. docs/guarantees.md says what each prevents.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[1]
SECONDS = 150
_IGNORED = shutil.ignore_patterns(
    ".*", "__pycache__", "*.egg-info", "footfall-data", "*.sqlite3*", "node_modules"
)
PASSED, FAILED = 0, 1


class Safeguard(NamedTuple):
    """`text` of `file` is what protects; with `instead` in its place, `test` must fail."""

    name: str
    file: str
    text: str
    instead: str
    test: str


STATES = "tests/contract/rebuild/test_states.py::test_"
PROMOTION = "tests/contract/rebuild/test_promotion.py::test_"
LOADING = "tests/contract/rebuild/test_loading.py::test_"
COMPARISON = "tests/contract/rebuild/test_comparison.py::test_"
LETTERS = "tests/contract/rebuild/test_letters.py::test_"
MOMENTS = "tests/unit/domain/test_moments.py::test_"
APPENDER = "tests/unit/ingest/test_appender.py::test_"
AUDIT = "tests/contract/rebuild/test_audit.py::test_"
CARRY_OVER = "tests/contract/rebuild/test_carry_over.py::test_"
JOBS = "tests/contract/fold/test_jobs.py::test_"
STORE = "tests/contract/fold/test_store.py::test_"
LOG = "tests/contract/log/test_log.py::test_"
LEASES = "tests/contract/fold/test_leases.py::test_"
VERSIONS = "tests/contract/fold/test_versions.py::test_"
EXPIRY = "tests/contract/retention/test_expiry.py::test_"
RETENTION_RUN = "tests/contract/retention/test_run.py::test_"
TRIMMING = "tests/contract/retention/test_log.py::test_"
PROBLEMS = "tests/unit/web/test_problems.py::test_"
REFUSALS = "tests/contract/fold/test_refusals.py::test_"
RUNNER = "tests/unit/projector/test_runner.py::test_"
SUPERVISOR = "tests/unit/projector/test_supervisor.py::test_"
FOLD = "tests/unit/domain/test_projection.py::test_"

WATERMARKS = "tests/contract/fold/test_watermarks.py::test_"
COMPLETENESS = "tests/unit/projector/test_completeness.py::test_"

SAFEGUARDS = [
    # How complete an answer is
    Safeguard(
        "the clock is asked before the end",
        "projector/fold/completeness.py",
        "standing.mark = Mark(moment_ms, bounds.end)",
        "standing.mark = Mark(await self._watermarks.now_ms(), bounds.end)",
        COMPLETENESS + "the_clock_is_asked_before_the_end",
    ),
    Safeguard(
        "a mark counts where it is reached",
        "projector/fold/standing.py",
        "if self.mark and self.mark.end <= next_offset else None",
        "",
        COMPLETENESS + "a_mark_that_is_not_reached_is_kept_and_the_flush_that_passes_it_records_it",
    ),
    Safeguard(
        "a mark is kept until it is reached",
        "projector/fold/completeness.py",
        "            if standing.mark is not None:\n                continue\n",
        "",
        COMPLETENESS + "a_mark_that_is_not_reached_is_kept_and_the_flush_that_passes_it_records_it",
    ),
    Safeguard(
        "recorded where it still stands",
        "rows/fold/watermarks.py",
        "        checkpoints.c.epoch == checkpoint.epoch,\n"
        "        checkpoints.c.next_offset == checkpoint.next_offset,\n",
        "",
        WATERMARKS + "what_has_moved_or_is_anothers_is_not_recorded[embedded]",
    ),
    Safeguard(
        "a watermark goes forward only",
        "rows/checkpoints.py",
        "case((stored < complete_ms, complete_ms), else_=stored)",
        "case((stored < stored, stored), else_=complete_ms)",
        WATERMARKS + "where_nothing_arrives_it_is_moved_forward_only[embedded]",
    ),
    Safeguard(
        "a promotion is as complete as what was live",
        "rows/rebuild/generations.py",
        "                complete_ms=_as_complete_as(live),\n",
        "",
        PROMOTION + "a_promotion_leaves_the_rows_as_complete_as_they_were[sqlite]",
    ),
    Safeguard(
        "a partition that is not folded yet counts",
        "rows/fold/watermarks.py",
        "func.min(func.coalesce(checkpoints.c.complete_ms, 0))",
        "func.min(checkpoints.c.complete_ms)",
        "tests/contract/reports/test_reports.py::test_"
        "a_partition_that_is_new_holds_it_where_it_was[embedded]",
    ),
    Safeguard(
        "a watermark is no checkpoint",
        "domain/checkpoint.py",
        "replace(self, complete_ms=other.complete_ms) == other",
        "self == other",
        WATERMARKS + "the_fold_goes_on_from_a_checkpoint_that_was_recorded_meanwhile[fake]",
    ),
    # The fold
    Safeguard(
        "compare-and-set on the checkpoint",
        "rows/fold/store.py",
        "                checkpoints.c.next_offset == expected.next_offset,\n",
        "",
        STORE + "the_same_entries_twice_are_refused_and_change_nothing[embedded]",
    ),
    Safeguard(
        "epoch in the compare-and-set",
        "rows/fold/store.py",
        "                checkpoints.c.epoch == expected.epoch,\n",
        "",
        STORE + "an_older_epoch_is_fenced[embedded]",
    ),
    Safeguard(
        "epoch at the claim",
        "rows/fold/store.py",
        ".where(key, checkpoints.c.epoch <= epoch)",
        ".where(key)",
        STORE + "an_older_epoch_is_fenced[embedded]",
    ),
    Safeguard(
        "one transaction",
        "rows/database.py",
        "    async with database_errors(), engine.begin() as connection:\n",
        "    async with database_errors(), engine.connect() as connection:\n"
        '        await connection.execution_options(isolation_level="AUTOCOMMIT")\n',
        STORE + "what_fails_half_way_has_changed_nothing",
    ),
    Safeguard(
        "producer sequence",
        "domain/positions.py",
        "        if counted(batch, body) in self.recent:\n",
        "        if not batch.sequence:\n",
        FOLD + "a_batch_that_was_appended_twice_counts_once",
    ),
    Safeguard(
        "digest of the batch",
        "domain/positions.py",
        "        if counted(batch, body) in self.recent:\n",
        "        if batch.sequence <= self.sequence:\n",
        "tests/unit/domain/test_positions.py::"
        "test_a_low_sequence_that_somebody_claims_is_no_repetition",
    ),
    Safeguard(
        "positions beside the checkpoint",
        "rows/fold/store.py",
        "            await self._save_positions(connection, checkpoint, delta)\n",
        "",
        STORE + "rows_and_checkpoint_move_together[embedded]",
    ),
    Safeguard(
        "position window in offsets",
        "domain/positions.py",
        "return offset - self.offset > POSITION_WINDOW\n",
        "return False\n",
        FOLD + "a_producer_is_forgotten_by_the_distance_in_the_log",
    ),
    Safeguard(
        "dead letters in the same transaction",
        "rows/fold/store.py",
        "            await self._save_dead_letters(connection, checkpoint, delta)\n",
        "",
        STATES + "a_drop_that_died_is_repeated[sqlite]",
    ),
    Safeguard(
        "views far ahead of their recording",
        "domain/moments.py",
        "    if not late:\n",
        "    if True:\n",
        MOMENTS + "views_of_months_to_come_are_a_dead_letter_and_make_no_rows",
    ),
    Safeguard(
        "they are looked for in what is usual too",
        "domain/projection.py",
        "        if doubtful and ahead_of_record(batch):\n",
        "        if doubtful and not batch.events:\n",
        MOMENTS + "a_producer_that_is_known_makes_no_rows_of_the_future_either",
    ),
    Safeguard(
        "no batch is recorded before its views were accepted",
        "ingest/appender.py",
        "max(self._clock(), _least_ms(events))",
        "self._clock()",
        APPENDER + "a_clock_that_is_set_back_after_a_view_was_accepted_does_not_cost_it",
    ),
    Safeguard(
        "what a clock decided is not decided again",
        "rows/fold/store.py",
        'None if info.state == "live" else await read_decided(connection, checkpoint)',
        "None",
        LETTERS + "what_a_clock_set_aside_is_set_aside_by_every_rebuild[sqlite]",
    ),
    Safeguard(
        "repetitions of what a clock set aside are known",
        "domain/projection.py",
        "        self._remember(batch, entry)\n        self._set_aside(entry, reason, kind)\n",
        "        self._set_aside(entry, reason, kind)\n",
        MOMENTS + "a_batch_that_is_set_aside_by_the_clock_and_arrives_again_is_one_letter",
    ),
    Safeguard(
        "a bounded part of dead letters is kept",
        "domain/letters.py",
        "        if self.letters_left <= 0:\n",
        "        if False:\n",
        LETTERS + "a_flood_is_counted_and_a_bounded_part_of_it_kept[sqlite]",
    ),
    Safeguard(
        "a retried letter is removed once",
        "rows/fold/retry.py",
        "return self._letter.offset in set(found.scalars())",
        "return bool([*found.scalars()]) or True",
        LETTERS + "of_many_who_retry_at_once_one_counts[sqlite]",
    ),
    Safeguard(
        "a retry lets the checkpoint go",
        "rows/fold/retry.py",
        '            values["epoch"] = _UNCLAIMED\n',
        "            pass\n",
        LETTERS + "who_folds_meanwhile_reads_the_totals_anew[sqlite]",
    ),
    Safeguard(
        "a retry under the job of rebuilds",
        "rows/fold/dead_letters.py",
        "                    await fence(connection, REPLAY, epoch)\n",
        "",
        LETTERS + "who_has_lost_the_job_counts_nothing[sqlite]",
    ),
    Safeguard(
        "no retry while a generation is built",
        "rows/fold/retry.py",
        "            if info.state in BUILDING:\n",
        "            if False:\n",
        LETTERS + "nothing_is_retried_while_a_generation_is_built[sqlite]",
    ),
    Safeguard(
        "a repetition that was counted since",
        "projector/letters.py",
        "                        return until, True\n",
        "                        return until, False\n",
        LETTERS + "what_can_be_read_by_now_is_counted_once_however_often_it_arrived[sqlite]",
    ),
    Safeguard(
        "unknown format stops",
        "projector/fold/runner.py",
        "                    return failure\n",
        "                    delta.next_offset = Offset(entry.offset + 1)\n",
        "tests/unit/projector/test_runner.py::test_a_newer_format_stops_the_partition_in_front_of_it",
    ),
    Safeguard(
        "a number that can be no version",
        "domain/wire.py",
        "    if max(DECODERS) < version <= MAX_FORMAT:\n",
        "    if max(DECODERS) < version:\n",
        "tests/unit/domain/test_wire.py::"
        "test_what_begins_with_no_plausible_version_is_undecodable[2025]",
    ),
    Safeguard(
        "bound of a partition's views",
        "domain/projection.py",
        "        if len(events) * MAX_COUNT > room and sum(event.count for event in events) > room:\n",  # noqa: E501
        "        if len(events) * MAX_COUNT > room and not events:\n",
        FOLD + "a_batch_that_the_total_has_no_room_for_is_set_aside",
    ),
    Safeguard(
        "a sum over 64 bits is refused, SQLite",
        "rows/sqlite/layout.py",
        "        WHEN {sum} <= 9223372036854775807 - excluded.{sum} THEN {sum} + excluded.{sum} END\n",  # noqa: E501
        "        WHEN true THEN {sum} + excluded.{sum} END\n",
        REFUSALS + "a_sum_beyond_64_bits_is_refused_and_changes_nothing[sqlite]",
    ),
    Safeguard(
        "what can never be stored is looked for",
        "projector/fold/place.py",
        "            if not entries:\n",
        "            if entries or not entries:\n",
        RUNNER + "what_can_never_be_stored_is_found_in_its_flush_and_set_aside",
    ),
    Safeguard(
        "only content is set aside",
        "rows/refusals.py",
        "    if state.startswith(_CONTENT) or name.startswith(_SQLITE_CONTENT):\n",
        "    if state or name:\n",
        REFUSALS + "a_table_that_is_gone_stops_the_partition_and_sets_nothing_aside[sqlite]",
    ),
    Safeguard(
        "stable partition of a page",
        "domain/partitioning.py",
        "crc32(page.encode())",
        "hash(page)",
        "tests/unit/domain/test_partitioning.py::test_a_page_never_moves",
    ),
    # The log
    Safeguard(
        "confirm before 202",
        "ingest/appender.py",
        "                return await self._writer.append(partition, body)\n",
        "                self._late = asyncio.create_task(self._writer.append(partition, body))\n"
        "                return None\n",
        "tests/unit/ingest/test_appender.py::test_a_log_that_stays_away_is_said_when_the_deadline_passes",
    ),
    Safeguard(
        "synchronous=FULL before the confirm",
        "log/sqlite/writer.py",
        "PRAGMA synchronous=FULL",
        "PRAGMA synchronous=NORMAL",
        LOG + "the_embedded_log_is_synced_at_every_commit",
    ),
    Safeguard(
        "mandatory publish",
        "log/rabbitmq/writer.py",
        "                    mandatory=True,\n",
        "",
        LOG + "a_partition_that_was_never_declared_takes_nothing[production]",
    ),
    Safeguard(
        "returned messages are errors",
        "log/rabbitmq/writer.py",
        "on_return_raises=True",
        "on_return_raises=False",
        LOG + "a_partition_that_was_never_declared_takes_nothing[production]",
    ),
    Safeguard(
        "a delivery without an offset ends the reading",
        "log/rabbitmq/reader.py",
        "        if self.ended:\n            return\n        try:\n",
        "        try:\n",
        "tests/unit/log/test_reader.py::test_nothing_is_read_beyond_a_delivery_without_an_offset",
    ),
    Safeguard(
        "log went backward, SQLite",
        "log/sqlite/reader.py",
        "        if offset > bounds.end:\n",
        "        if offset > 2**62:\n",
        LOG + "a_checkpoint_beyond_the_end_is_refused[embedded]",
    ),
    Safeguard(
        "the batch at the checkpoint is the one that was folded",
        "projector/fold/runner.py",
        "        if recorded_ms and recorded_ms != checkpoint.recorded_ms:\n",
        "        if False:\n",
        "tests/unit/projector/test_runner.py::"
        "test_a_log_made_anew_that_has_outgrown_the_checkpoint_is_refused",
    ),
    Safeguard(
        "bodies are bytes, SQLite",
        "log/sqlite/reader.py",
        "CAST(body AS BLOB)",
        "body",
        LOG + "a_body_that_somebody_wrote_as_another_type_is_read_as_bytes",
    ),
    Safeguard(
        "odd properties are read over",
        "log/rabbitmq/broker.py",
        "        properties.tolerate()\n",
        "",
        "tests/integration/test_odd_messages.py::"
        "test_whatever_a_message_says_of_itself_its_body_is_read"
        "[a content type that is not UTF-8]",
    ),
    Safeguard(
        "log went backward, RabbitMQ",
        "log/rabbitmq/reader.py",
        "            if offset > 0:\n                await self._prove_continuity",
        "            if offset > 2**62:\n                await self._prove_continuity",
        LOG + "a_stream_declared_anew_stops_its_readers",
    ),
    Safeguard(
        "deleted beginning is refused",
        "log/sqlite/reader.py",
        "        if offset < bounds.first:\n",
        "        if offset < 0:\n",
        LOG + "a_deleted_beginning_is_refused",
    ),
    # Who folds what
    Safeguard(
        "a new epoch with every lease",
        "rows/fold/leases.py",
        "epoch=leases.c.epoch + 1,",
        "epoch=leases.c.epoch,",
        LEASES + "epochs_only_grow[sqlite]",
    ),
    Safeguard(
        "the silent lose their leases",
        "rows/fold/leases.py",
        ".where(or_(leases.c.owner.is_(None), over(leases.c.expires_ms, self._now)))",
        ".where(or_(leases.c.owner.is_(None), leases.c.expires_ms < 0))",
        LEASES + "the_partitions_of_a_dead_owner_are_taken[sqlite]",
    ),
    Safeguard(
        "nothing is renewed on tables that are not understood",
        "rows/fold/leases.py",
        "            await require_understood(connection)\n",
        "",
        VERSIONS + "nothing_is_renewed_on_tables_that_are_not_understood[sqlite-None]",
    ),
    Safeguard(
        "what cannot be claimed is taken",
        "rows/fold/leases.py",
        "if await self._relieve(connection, owner) or taken:",
        "if taken:",
        VERSIONS + "what_an_old_one_holds_and_cannot_claim_is_taken_from_it[sqlite]",
    ),
    Safeguard(
        "leases by the clock of the database",
        "rows/database.py",
        '    """The database\'s clock, milliseconds since 1970."""\n',
        "    import time\n\n"
        "    return literal_column(str(time.time_ns() // 1_000_000), BigInteger())\n",
        JOBS + "leases_go_by_the_clock_of_the_database[sqlite]",
    ),
    Safeguard(
        "the checkpoint that was left is there",
        "projector/fold/supervisor.py",
        "                running.halt.set()\n",
        "                continue\n",
        SUPERVISOR + "a_checkpoint_that_was_put_back_under_an_idle_partition_is_noticed",
    ),
    Safeguard(
        "a failure is its partition's alone",
        "projector/fold/supervisor.py",
        "            except Exception as error:  # noqa: BLE001\n                pause",
        "            except FootfallError as error:\n                pause",
        SUPERVISOR + "a_failure_that_nobody_foresaw_is_its_partitions_alone",
    ),
    Safeguard(
        "a dead owner is not believed",
        "rows/fold/troubles.py",
        "        .where(not_(over(leases.c.expires_ms, now)))\n",
        "",
        "tests/contract/fold/test_troubles.py::test_a_dead_owner_is_not_believed[sqlite]",
    ),
    # Generations
    Safeguard(
        "only what is live or built is claimed",
        "rows/fold/store.py",
        "and_(generations.c.generation == wanted, generations.c.state.in_(BUILDING))",
        "generations.c.generation == wanted",
        PROMOTION + "live_projectors_are_fenced_by_a_promotion_and_go_on[sqlite]",
    ),
    Safeguard(
        "a claim holds promotions back",
        "rows/fold/store.py",
        ".with_for_update(read=True)",
        "",
        PROMOTION + "a_claim_that_is_under_way_is_not_missed_by_a_promotion[postgres]",
    ),
    Safeguard(
        "a promotion waits for flushes",
        "rows/rebuild/generations.py",
        "            before = await read_checkpoints(connection, live, lock=True)\n",
        "            before = await read_checkpoints(connection, live)\n",
        PROMOTION + "a_flush_that_is_under_way_is_not_missed_by_a_promotion[postgres]",
    ),
    Safeguard(
        "sealed epoch at promote",
        "rows/rebuild/generations.py",
        "            await _set_epoch(connection, live, SEALED)\n",
        "",
        PROMOTION + "live_projectors_are_fenced_by_a_promotion_and_go_on[sqlite]",
    ),
    Safeguard(
        "epochs go over to the new generation",
        "rows/rebuild/generations.py",
        ".values(epoch=before.epoch, complete_ms",
        ".values(epoch=0, complete_ms",
        PROMOTION + "live_projectors_are_fenced_by_a_promotion_and_go_on[sqlite]",
    ),
    Safeguard(
        "sealed epoch at drop",
        "rows/rebuild/generations.py",
        "            await _set_epoch(connection, generation, SEALED)\n"
        "        await self._layout.remove(generation)\n",
        "        await self._layout.remove(generation)\n",
        STATES + "a_drop_that_died_is_repeated[sqlite]",
    ),
    Safeguard(
        "promote guard",
        "rows/rebuild/generations.py",
        "            if late := behind(before.values(), after):\n",
        "            if late := behind([], after):\n",
        PROMOTION + "what_is_far_behind_is_not_promoted[sqlite]",
    ),
    Safeguard(
        "a frozen promotion lets go",
        "rows/database.py",
        "SET LOCAL idle_in_transaction_session_timeout = {milliseconds}",
        "SET LOCAL idle_in_transaction_session_timeout = 0",
        PROMOTION + "live_projectors_do_not_wait_for_a_promotion_that_froze[postgres]",
    ),
    Safeguard(
        "no number is given twice",
        "rows/rebuild/generations.py",
        "select(func.max(generations.c.generation))",
        'select(func.max(generations.c.generation)).where(generations.c.state != "dropped")',
        STATES + "no_number_is_given_twice[sqlite]",
    ),
    Safeguard(
        "one job at a time",
        "rows/jobs.py",
        "                    or_(jobs.c.owner.is_(None), over(jobs.c.expires_ms, self._now)),\n",
        "",
        JOBS + "a_job_has_one_owner_and_a_growing_epoch[sqlite]",
    ),
    Safeguard(
        "fence of the job",
        "rows/jobs.py",
        "    if held.rowcount != 1:\n",
        "    if held.rowcount < 0:\n",
        STATES + "who_lost_the_job_changes_nothing_any_more[sqlite]",
    ),
    Safeguard(
        "a stop is noticed between transactions",
        "projector/rebuild/steps.py",
        "partition, self._epoch, self._stop, generation=generation, until=until",
        "partition, self._epoch, asyncio.Event(), generation=generation, until=until",
        "tests/contract/rebuild/test_stopping.py::"
        "test_a_stop_inside_a_large_flush_leaves_the_file_to_others",
    ),
    Safeguard(
        "finished months take upserts",
        "rows/postgresql/layout.py",
        "            if await attached(connection, name):\n",
        "            if name is None:\n",
        LOADING + "a_finish_that_died_between_months_goes_on_although_the_log_grew[postgres-1]",
    ),
    Safeguard(
        "a log that no longer holds the hours that are kept is refused",
        "projector/rebuild/steps.py",
        "        if lost and carry_over is False:\n",
        "        if lost and carry_over is ...:\n",
        CARRY_OVER + "hours_the_log_does_not_hold_whole_are_named[sqlite]",
    ),
    Safeguard(
        "a log that ends before the fold is refused",
        "projector/rebuild/steps.py",
        "            if checkpoint is not None and held.end < checkpoint.next_offset:\n",
        "            if checkpoint is not None and held.end < 0:\n",
        LOADING + "a_log_that_ends_before_the_fold_is_not_rebuilt_from[sqlite]",
    ),
    Safeguard(
        "skew between recording and hour",
        "domain/generations.py",
        "RECORDED_BEFORE_MS = 2 * HOUR_MS",
        "RECORDED_BEFORE_MS = 0 * HOUR_MS",
        "tests/unit/domain/test_generations.py::test_no_event_of_a_complete_hour_was_ever_deleted",
    ),
    Safeguard(
        "carry-over offset",
        "domain/projection.py",
        "        self._uncarried = carry.offset if carry else Offset(0)\n",
        "        self._uncarried = Offset(2**62)\n",
        CARRY_OVER + "carried_over_hours_are_exact[sqlite]",
    ),
    Safeguard(
        "carried hours are not folded",
        "domain/projection.py",
        "    return [event for event in events if not carry.covers(event.at_ms // HOUR_MS)]\n",
        "    return events\n",
        CARRY_OVER + "carried_over_hours_are_exact[sqlite]",
    ),
    Safeguard(
        "hours are carried over once",
        "rows/rebuild/carry_over.py",
        "                generations.c.carried_views == NOT_CARRIED,\n",
        "",
        CARRY_OVER + "hours_are_carried_over_once[sqlite]",
    ),
    Safeguard(
        "carry-over under the job",
        "rows/rebuild/carry_over.py",
        ".where(jobs.c.name == REPLAY).scalar_subquery() == epoch",
        ".where(jobs.c.name == REPLAY).scalar_subquery() > 0",
        STATES + "who_lost_the_job_changes_nothing_any_more[sqlite]",
    ),
    Safeguard(
        "producers of the deleted part are known",
        "rows/rebuild/carry_over.py",
        "        await self._carry_positions(connection, live, generation)\n",
        "",
        CARRY_OVER + "a_batch_of_the_deleted_part_that_arrives_again_counts_once[sqlite]",
    ),
    Safeguard(
        "comparison at the same offsets",
        "rows/rebuild/ahead.py",
        "        if late.next_offset == until:\n",
        "        if late.next_offset <= until:\n",
        COMPARISON + "generations_are_compared_at_the_same_offsets[sqlite]",
    ),
    Safeguard(
        "what the database has refused is no difference",
        "rows/rebuild/ahead.py",
        "                    if entry.offset not in self._refused:\n",
        "                    if True:\n",
        COMPARISON + "what_the_database_has_refused_is_no_difference[sqlite]",
    ),
    Safeguard(
        "audit from one snapshot",
        "rows/database.py",
        'await connection.execution_options(isolation_level="REPEATABLE READ")',
        "pass",
        AUDIT + "an_audit_is_exact_while_the_fold_goes_on[postgres]",
    ),
    Safeguard(
        "comparison stops a promote",
        "projector/rebuild/replay.py",
        "    if diff.differing and not wanted.accept_diff:\n",
        "    if diff.differing < 0:\n",
        "tests/acceptance/test_replay.py::"
        "test_a_difference_is_found_said_and_repaired_only_when_asked[embedded]",
    ),
    Safeguard(
        "rules belong to the generation",
        "rows/fold/store.py",
        "                PageRules(info.page_rules),\n",
        "                PageRules(),\n",
        STATES + "page_rules_belong_to_their_generation[sqlite]",
    ),
    # Retention
    Safeguard(
        "ledger of what expired",
        "rows/sqlite/expiry.py",
        "SET expired_views = expired_views + :views",
        "SET expired_views = expired_views + 0 * :views",
        EXPIRY + "what_is_past_goes_and_the_ledger_still_adds_up[embedded]",
    ),
    Safeguard(
        "the horizon never moves back",
        "rows/retention/expiry.py",
        "update(retention).where(retention.c.horizon < horizon)",
        "update(retention)",
        EXPIRY + "the_horizon_never_moves_back[embedded]",
    ),
    Safeguard(
        "retention under its job",
        "rows/sqlite/expiry.py",
        "            await fence(connection, RETENTION, epoch)\n",
        "",
        RETENTION_RUN + "whoever_loses_the_job_on_the_way_drops_nothing_more[embedded]",
    ),
    Safeguard(
        "retention under its job, months",
        "rows/postgresql/expiry.py",
        "                await fence(connection, RETENTION, epoch)\n",
        "",
        RETENTION_RUN + "whoever_loses_the_job_on_the_way_drops_nothing_more[production]",
    ),
    Safeguard(
        "the log keeps what a generation needs",
        "projector/housekeeping/retention.py",
        "                known[partition].next_offset if partition in known else Offset(0)\n",
        "                Offset(2**62)\n",
        TRIMMING + "the_log_keeps_what_any_generation_may_need[embedded]",
    ),
    Safeguard(
        "the log waits for a rebuild",
        "projector/housekeeping/retention.py",
        "if cut_ms is None or trimmer is None or await self._log_needed():",
        "if cut_ms is None or trimmer is None:",
        TRIMMING + "the_log_is_left_alone_while_a_rebuild_may_begin[embedded]",
    ),
    Safeguard(
        "a young entry is never cut",
        "log/sqlite/trimmer.py",
        "        if (_recorded_ms(body) or 0) >= cut_ms:\n",
        "        if (_recorded_ms(body) or 0) >= _NEVER:\n",
        TRIMMING + "a_clock_that_was_far_behind_for_a_moment_cuts_nothing_young[embedded]",
    ),
    Safeguard(
        "positions that are looked at stay",
        "rows/retention/expiry.py",
        "select(checkpoints.c.next_offset - POSITION_WINDOW)",
        "select(checkpoints.c.next_offset)",
        EXPIRY + "a_position_that_is_looked_at_stays[embedded]",
    ),
    Safeguard(
        "a jump of the clock is held back",
        "domain/clocks.py",
        "    if now_ms <= reach + TOLERATED_MS:\n",
        "    if now_ms <= reach + 10**15:\n",
        "tests/contract/retention/test_clocks.py::"
        "test_a_clock_that_is_wrong_at_a_start_drops_nothing[embedded]",
    ),
    Safeguard(
        "only what an unset clock measured confirms a jump",
        "domain/clocks.py",
        "        watched = known.watched_ms + ran_ms\n",
        "        watched = now_ms - known.believed_ms\n",
        "tests/unit/domain/test_clocks.py::test_restarts_under_a_wrong_clock_confirm_nothing",
    ),
    Safeguard(
        "hours that lost rows are taken from the log",
        "rows/rebuild/carry_over.py",
        "            first = max(first, gone)\n",
        "            pass\n",
        "tests/contract/rebuild/test_reset.py::test_what_the_log_still_holds_comes_back[sqlite]",
    ),
    Safeguard(
        "ingest knows the horizon",
        "ingest/requests.py",
        "Limits(max(oldest_ms, kept_ms), latest_ms,",
        "Limits(oldest_ms, latest_ms,",
        "tests/unit/ingest/test_requests.py::"
        "test_what_the_rows_do_not_keep_any_more_is_refused_whatever_the_clock_says",
    ),
    Safeguard(
        "leases of a wrong clock are over",
        "rows/database.py",
        "expires_ms > now_ms + _LONGEST_LEASE_MS)",
        "expires_ms < 0)",
        JOBS + "a_lease_that_was_written_while_the_clock_was_ahead_holds_nobody[sqlite]",
    ),
    Safeguard(
        "readiness has written",
        "log/sqlite/writer.py",
        "            self._transaction(lambda c: c.execute(_TRY, (size,)))\n",
        "            assert size\n",
        "tests/contract/log/test_disk.py::"
        "test_what_cannot_be_written_is_said_at_once_by_appends_and_by_readiness",
    ),
    Safeguard(
        "a log file that was replaced is noticed",
        "log/sqlite/writer.py",
        "        if self._connection is not None and identity(self._path) != self._file:\n",
        "        if self._connection is not None and identity(self._path) is ...:\n",
        "tests/contract/log/test_disk.py::test_a_log_that_was_taken_away_takes_nothing_more",
    ),
    Safeguard(
        "views of hours that are past are refused",
        "ingest/requests.py",
        "MIN_AT_MS if oldest is None else oldest * HOUR_MS",
        "MIN_AT_MS if oldest is None else MIN_AT_MS",
        "tests/unit/ingest/test_requests.py::test_a_view_of_an_hour_that_is_not_kept_is_refused",
    ),
    # Coming in
    Safeguard(
        "every member is seen",
        "ingest/decoding.py",
        "object_pairs_hook=tuple,",
        "object_pairs_hook=lambda members: tuple(dict(members).items()),",
        "tests/unit/ingest/test_requests.py::"
        "test_a_page_or_moment_given_twice_is_counted_both_times",
    ),
    Safeguard(
        "part of a body is none",
        "web/bodies.py",
        '        while message["type"] == "http.request":\n',
        "        while True:\n",
        "tests/unit/web/test_bodies.py::test_a_client_that_goes_within_its_body_has_sent_nothing",
    ),
    # The import
    Safeguard(
        "only a refusal of which nothing was appended is sent again",
        "importer/answers.py",
        'return problem.outcome != "none"',
        "return False",
        PROBLEMS + "the_importer_knows_what_became_of_the_views",
    ),
    Safeguard(
        "a 503 that Footfall did not write is in doubt",
        "importer/answers.py",
        "BY_REFERENCE.get(problem.type) if media_type == _PROBLEM else None",
        "BY_REFERENCE.get(problem.type)",
        PROBLEMS + "what_footfall_did_not_write_leaves_the_views_in_doubt",
    ),
    Safeguard(
        "an answer that says more than was sent is in doubt",
        "importer/answers.py",
        "not 0 <= accepted <= views",
        "not 0 <= accepted",
        "tests/importer/test_sending.py::test_what_may_be_counted_already_is_not_sent_again",
    ),
    Safeguard(
        "an import goes on where all before it is confirmed",
        "importer/standing.py",
        "(found := self._ended.get(self._confirmed)) and not found.fault",
        "found := self._ended.get(self._confirmed)",
        "tests/importer/test_standing.py::"
        "test_before_the_line_all_is_confirmed_and_after_the_clear_one_nothing_counted",
    ),
    Safeguard(
        "a file that becomes shorter while it is read is noticed",
        "importer/source.py",
        "size < self._size or ",
        "",
        "tests/importer/test_files.py::test_a_file_that_becomes_shorter_is_told",
    ),
    Safeguard(
        "a file is one whatever it is called",
        "cli/verbs/import_.py",
        "for key in {path, identity_of(name) or path}:",
        "for key in {path}:",
        "tests/importer/test_files.py::test_one_file_under_two_names_is_refused",
    ),
    Safeguard(
        "files with the same lines are noticed",
        "importer/twins.py",
        "whole=digest(first) == digest(second)",
        "whole=digest(first) == first",
        "tests/importer/test_files.py::test_the_same_lines_packed_and_not_are_refused",
    ),
]


def occurrences(safeguard: Safeguard, tree: Path = REPOSITORY) -> int:
    """How often its text is in its file; it must be once."""
    return (tree / safeguard.file).read_text().count(safeguard.text)


def copy(target: Path) -> None:
    """The tree without what is not of it."""
    shutil.copytree(REPOSITORY, target, ignore=_IGNORED)


def run(tree: Path, tests: list[str], seconds: int) -> tuple[int, str]:
    """pytest's exit code, and the last of what it said."""
    # The plugin of schemathesis trips over what a recursion without end leaves behind in 3.11.
    plugins = ["-p", "no:cacheprovider", "-p", "no:schemathesis"]
    options = ["-x", "-q", "--timeout=60", *plugins, "--no-header"]
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *tests],
            cwd=tree,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return FAILED, f"1 failed: it did not end within {seconds} s"
    return ran.returncode, "\n".join(ran.stdout.strip().splitlines()[-8:])


def noticed(safeguard: Safeguard, tree: Path) -> tuple[bool, str]:
    """Does its test fail in `tree` without it? And what the test said."""
    file = tree / safeguard.file
    whole = file.read_text()
    file.write_text(whole.replace(safeguard.text, safeguard.instead))
    try:
        code, said = run(tree, [safeguard.test], SECONDS)
    finally:
        file.write_text(whole)
    # A test that cannot be found or imported has noticed nothing.
    return code == FAILED and re.search(r"\d+ failed", said) is not None, said


def main(words: list[str]) -> int:
    chosen = [s for s in SAFEGUARDS if not words or any(word in s.name for word in words)]
    survived = []
    with tempfile.TemporaryDirectory(prefix="footfall-safeguards-") as folder:
        tree = Path(folder) / "tree"
        copy(tree)
        # Otherwise a failure would prove nothing.
        code, said = run(tree, sorted({s.test for s in chosen}), SECONDS * 4)
        if code != PASSED:
            print(f"the tests do not pass with everything in place:\n{said}")
            return 1
        for safeguard in chosen:
            found, said = noticed(safeguard, tree)
            print(
                f"{'FAILED AS IT SHOULD' if found else 'SURVIVED':20} {safeguard.name}", flush=True
            )
            if not found:
                survived.append(safeguard.name)
                print(f"    {safeguard.test}\n{said}", flush=True)
    print(f"{len(chosen) - len(survived)} of {len(chosen)} are noticed when they are taken out")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
