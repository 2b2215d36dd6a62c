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
LEADERS = "tests/integration/test_restarting_nodes.py::test_"
LEASES = "tests/contract/fold/test_leases.py::test_"
VERSIONS = "tests/contract/fold/test_versions.py::test_"
EXPIRY = "tests/contract/retention/test_expiry.py::test_"
RETENTION_RUN = "tests/contract/retention/test_run.py::test_"
TRIMMING = "tests/contract/retention/test_log.py::test_"
PROBLEMS = "tests/unit/web/test_problems.py::test_"
REFUSALS = "tests/contract/fold/test_refusals.py::test_"
RUNNER = "tests/unit/projector/test_runner.py::test_"
SUPERVISOR = "tests/unit/projector/test_supervisor.py::test_"
CLASSES = "tests/contract/rebuild/test_classes.py::test_"
TABLES = "tests/unit/domain/test_tables_of_batches.py::test_"
PROBES = "tests/unit/domain/test_probes.py::test_"
PROBING = "tests/unit/log/test_probing.py::test_"
FOLD = "tests/unit/domain/test_projection.py::test_"

LOCK = "tests/unit/web/test_lock.py::test_"
COOKIES = "tests/unit/web/test_cookies.py::test_"
SIGNING_IN = "tests/unit/dashboard/test_signing_in.py::test_"
BESIDE = "tests/contract/fold/test_beside.py::test_"
BESIDE_REBUILDS = "tests/contract/rebuild/test_beside.py::test_"

ROLL_UP = "tests/contract/aggregates/test_roll_up.py::test_"
ROLL_UP_STEPS = "tests/contract/aggregates/test_steps.py::test_"
SUMS = "tests/contract/aggregates/test_generations.py::test_"
READ_SUMS = "tests/contract/stats/test_sums.py::test_"
WATERMARKS = "tests/contract/fold/test_watermarks.py::test_"
COMPLETENESS = "tests/unit/projector/test_completeness.py::test_"
NODES = "tests/unit/log/test_nodes.py::test_"

RECEIPTS = "tests/contract/rebuild/test_receipts.py::test_"
AWAITED = "tests/unit/read_api/test_awaited.py::test_"

SAFEGUARDS = [
    # Reading one's own views
    Safeguard(
        "a 202 names each producer it went out under",
        "ingest/parts.py",
        "self.taken.update(taken)",
        "self.taken = dict(taken)",
        APPENDER + "append_says_what_the_log_took_however_many_batches_and_names_it_needed",
    ),
    Safeguard(
        "all of a request is waited for",
        "domain/receipts.py",
        "    return all(\n        sequences.get(key, 0)",
        "    return any(\n        sequences.get(key, 0)",
        RECEIPTS + "it_is_once_all_of_it_is[sqlite]",
    ),
    Safeguard(
        "complete by every clock",
        "domain/receipts.py",
        "receipt.confirmed_ms + MAX_AHEAD_MS",
        "receipt.confirmed_ms",
        RECEIPTS
        + "without_its_position_the_partition_has_to_be_complete_an_hour_later[sqlite-True]",
    ),
    Safeguard(
        "only what is live answers for a view",
        "rows/reports/receipts.py",
        ").where(producer_positions.c.generation == LIVE)",
        ").where(producer_positions.c.generation > 0)",
        RECEIPTS + "a_generation_that_is_only_built_answers_for_nothing[sqlite]",
    ),
    Safeguard(
        "a report is read after the wait",
        "read_api/routes.py",
        "        await waiting.until_folded(question.awaited, receive)\n",
        "",
        AWAITED + "what_is_not_folded_in_time_is_not_answered[GET-/report]",
    ),
    Safeguard(
        "statistics are read after the wait",
        "read_api/stats/after.py",
        "            await self._wait()\n",
        "",
        AWAITED + "what_is_not_folded_in_time_is_not_answered[GET-/stats/views]",
    ),
    # Sums beside the rows
    Safeguard(
        "no sum is read where somebody marks nothing",
        "rows/stats/rolled.py",
        "    if not snapshot.sums.marked or not hours:\n",
        "    if not hours:\n",
        READ_SUMS + "no_sum_is_read_where_somebody_folds_who_marks_nothing[sqlite]",
    ),
    Safeguard(
        "a range is clipped to the horizon before sums are taken for it",
        "rows/stats/rolled.py",
        "        Range(max(start, snapshot.standing.horizon), Hour(min(end, LAST_HOUR + 1)))\n",
        "        Range(start, Hour(min(end, LAST_HOUR + 1)))\n",
        READ_SUMS + "a_day_that_begins_before_the_horizon_is_not_taken[sqlite]",
    ),
    Safeguard(
        "a flush makes its days due",
        "rows/fold/store.py",
        "        await mark(connection, generation, {key[1] for key in rows})\n",
        "",
        ROLL_UP + "what_comes_late_is_due_again[sqlite]",
    ),
    Safeguard(
        "flushes that took a day for due are waited for",
        "rows/aggregates/refresh.py",
        "                await self._let_flush_end(turn, partition)\n",
        "                pass\n",
        ROLL_UP_STEPS + "a_flush_that_took_a_day_for_due_is_waited_for[postgres]",
    ),
    Safeguard(
        "a day that something came to stays due",
        "rows/aggregates/refresh.py",
        "built = (before.scalar_one_or_none() or 0) & days",
        "built = days",
        ROLL_UP_STEPS + "a_flush_that_began_after_leaves_its_day_due[postgres]",
    ),
    Safeguard(
        "whoever adds up has the job",
        "rows/aggregates/fenced.py",
        "        await fence(connection, turn.job, turn.epoch)\n",
        "",
        ROLL_UP_STEPS + "one_that_slept_can_do_nothing_any_more[sqlite]",
    ),
    Safeguard(
        "what came unmarked is not believed",
        "rows/fold/store.py",
        "            if row.marked_epoch == UNMARKED:\n",
        "            if False:\n",
        ROLL_UP_STEPS + "what_an_older_projector_folded_is_not_believed[sqlite]",
    ),
    Safeguard(
        "no partition changes hands while days are listed",
        "rows/aggregates/listing.py",
        "    if after != before:\n",
        "    if False:\n",
        ROLL_UP_STEPS + "a_partition_that_changes_hands_while_days_are_listed[sqlite-False]",
    ),
    Safeguard(
        "a promotion marks no epoch of an older projector",
        "rows/rebuild/generations.py",
        "IS_MARKED & ~unmarked",
        "IS_MARKED",
        SUMS + "an_epoch_of_one_that_marks_nothing_is_not_marked_by_a_promotion[sqlite]",
    ),
    # How complete an answer is
    Safeguard(
        "the log ends where most nodes say",
        "log/rabbitmq/nodes.py",
        "max(asked.found.values(), key=lambda bounds: bounds.end)",
        "min(asked.found.values(), key=lambda bounds: bounds.end)",
        NODES + "rows_are_not_complete_by_what_a_node_says_that_is_behind",
    ),
    Safeguard(
        "a few nodes do not say where the log ends",
        "log/rabbitmq/most.py",
        "if said and (2 * said >= self._members or not self._failures):",
        "if said:",
        NODES + "where_too_few_nodes_say_it_the_end_is_not_known",
    ),
    Safeguard(
        "a node that is quiet and behind is left",
        "log/rabbitmq/quiet.py",
        "raise self._behind(self._next, self._end)",
        "return",
        NODES + "a_quiet_node_that_is_behind_is_left",
    ),
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
        "domain/counting.py",
        "    if doubtful and ahead_of_record(batch):\n",
        "    if doubtful and not batch.events:\n",
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
        "            values |= moved_to(_UNCLAIMED)\n",
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
        "a list of robots is noted before it classes",
        "rows/fold/store.py",
        "            await note_list(connection, _may_grow(generation), self.classes.version)\n",
        "",
        CLASSES + "every_list_that_has_classed_stands_in_the_generation[sqlite]",
    ),
    Safeguard(
        "classes are compared where one list has classed",
        "rows/rebuild/comparison.py",
        "            by_class = lists == {self._classes.version}\n",
        "            by_class = False\n",
        CLASSES + "a_view_in_another_class_is_a_difference_where_one_list_has_classed[sqlite]",
    ),
    Safeguard(
        "and only there",
        "rows/rebuild/comparison.py",
        "            by_class = lists == {self._classes.version}\n",
        "            by_class = True\n",
        CLASSES + "another_list_moves_views_between_classes_and_changes_no_total[sqlite]",
    ),
    Safeguard(
        "a partition of another kind is left alone",
        "rows/fold/leases.py",
        "            .where(OF_PAGES)\n            .order_by(leases.c.partition)\n            .limit(number)\n",  # noqa: E501
        "            .order_by(leases.c.partition)\n            .limit(number)\n",
        "tests/contract/rebuild/test_kinds.py::test_no_projector_is_given_one[sqlite]",
    ),
    Safeguard(
        "a table that must be known stops",
        "domain/wire.py",
        "        require_known(named.tables)\n",
        "",
        TABLES + "a_table_that_must_be_known_stops_and_says_which",
    ),
    Safeguard(
        "an escape in the name of a table",
        "domain/wire.py",
        '    if body.count(_MAY_BE_NAMED) > body.count(_GUARD) or b"\\\\" in body:\n',
        "    if body.count(_MAY_BE_NAMED) > body.count(_GUARD):\n",
        TABLES + "a_name_that_is_written_with_escapes_is_the_same_name",
    ),
    Safeguard(
        "a table that does not fit is no batch",
        "domain/wire.py",
        "    if fault := table.fault(len(events)):\n",
        "    if (fault := table.fault(len(events))) and not events:\n",
        TABLES + "a_table_that_is_known_and_does_not_fit_is_undecodable",
    ),
    Safeguard(
        "a probe is passed over",
        "domain/projection.py",
        "        if not batch.events:\n",
        "        if batch.events is None:\n",
        PROBES + "a_probe_is_set_aside_by_no_clock_and_no_total",
    ),
    Safeguard(
        "and so is one under a name that is known",
        "domain/projection.py",
        "and 0 < len(batch.events) * MAX_COUNT",
        "and len(batch.events) * MAX_COUNT",
        PROBES + "an_earlier_projectors_position_of_the_prober_stays_where_it_is",
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
        "ingest/lanes.py",
        "            self.sent.add_done_callback(self._tried)\n",
        "            self._confirm()\n"
        "            asyncio.get_running_loop().call_soon(self._land)\n",
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
        "small segments",
        "domain/retention.py",
        "SEGMENT_BYTES = 4_000_000",
        "SEGMENT_BYTES = 64_000_000",
        "tests/integration/test_long_streams.py"
        "::test_after_an_hours_views_the_loss_of_a_node_refuses_none",
    ),
    Safeguard(
        "mandatory publish",
        "log/rabbitmq/prepared.py",
        "            mandatory=True,\n",
        "",
        LOG + "a_partition_that_was_never_declared_takes_nothing[production]",
    ),
    Safeguard(
        "a channel for each stream",
        "log/rabbitmq/writer.py",
        "opened = await",
        "opened = next((p.opened for p in self._publishers.values()), None) or await",
        LEADERS + "a_batch_whose_leader_dies_is_confirmed_by_the_next_one_and_so_is_what_follows",
    ),
    Safeguard(
        "returned messages are errors",
        "log/rabbitmq/writer.py",
        "on_return_raises=True",
        "on_return_raises=False",
        LOG + "a_partition_that_was_never_declared_takes_nothing[production]",
    ),
    Safeguard(
        "what came back is not confirmed",
        "log/rabbitmq/confirming.py",
        "            self._nothing_else = False\n",
        "",
        "tests/unit/log/test_confirming.py"
        "::test_what_is_confirmed_behind_what_came_back_is_the_librarys",
    ),
    Safeguard(
        "a delivery without an offset ends the reading",
        "log/rabbitmq/subscription.py",
        "        if not self.ended:\n            self._waiting += found\n",
        "        if found:\n            self._waiting += found\n",
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
        "a wait ends with a confirm only",
        "log/rabbitmq/probing.py",
        "        self._waits[partition] = wait._replace(error=error)\n",
        "        self._waits.pop(partition, None)\n",
        PROBING + "what_waited_for_longer_than_requests_do_is_not_ready_until_it_is_confirmed",
    ),
    Safeguard(
        "a silent log is probed",
        "log/rabbitmq/probing.py",
        "        if self._doubtful() or self._confirms.age >= FRESH_SECONDS:\n",
        "        if self._doubtful():\n",
        PROBING + "a_log_that_stops_confirming_is_noticed_where_nobody_appends",
    ),
    Safeguard(
        "a replica is added once the last has everything",
        "log/rabbitmq/replicas.py",
        "            count += 1\n            await self._until_copied(stream.stream, count)",
        "            count += 1",
        "tests/unit/log/test_replicas.py::"
        "test_a_replica_is_added_only_once_the_one_before_has_everything",
    ),
    Safeguard(
        "an interrupted copy is waited for",
        "log/rabbitmq/replicas.py",
        "        if count > 1:\n",
        "        if count > 1 > 2:\n",
        "tests/unit/log/test_replicas.py::test_a_run_that_was_interrupted_goes_on_as_carefully",
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
        "epoch=_EPOCH + 1,",
        "epoch=_EPOCH,",
        LEASES + "epochs_only_grow[sqlite]",
    ),
    Safeguard(
        "an epoch that was given out elsewhere is got past",
        "rows/fold/leases.py",
        "_CLAIMED + 1), else_=",
        "leases.c.epoch), else_=",
        LEASES + "an_epoch_that_was_never_given_out_here_is_got_past[sqlite]",
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
        "            epoch=before.epoch,\n",
        "            epoch=0,\n",
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
        "domain/counting.py",
        "    return [n for n, event in enumerate(events) if not carry.covers(event.at_ms // HOUR_MS)]\n",  # noqa: E501
        "    return [n for n, event in enumerate(events)]\n",
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
        "more views in a row than a fingerprint takes",
        "rows/rebuild/fingerprints.py",
        "old.sums != new.sums or bool(old.large or new.large)",
        "old.sums != new.sums",
        COMPARISON + "views_of_more_than_31_bits_in_a_row_are_compared_too[postgres]",
    ),
    Safeguard(
        "rows that only one side has",
        "rows/rebuild/unlike.py",
        "if found.scalar_one() or totals.old_rows != totals.new_rows:",
        "if found.scalar_one():",
        COMPARISON + "a_row_that_one_side_lacks_is_found[sqlite-2]",
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
        "    if diff.differs and not wanted.accept_diff:\n",
        "    if diff.differs < 0:\n",
        "tests/acceptance/test_replay.py::"
        "test_a_difference_is_found_said_and_repaired_only_when_asked[embedded]",
    ),
    Safeguard(
        "values are admitted by what has rows",
        "rows/fold/dimensions.py",
        "values.learn({place: known.get(place, ()) for place in wanted})",
        "values.learn({})",
        BESIDE + "the_values_of_an_hour_are_bounded_and_the_first_ones_stay[sqlite]",
    ),
    Safeguard(
        "known pages are read",
        "rows/fold/new_pages.py",
        "pages.learn(wanted, await _known(connection, generation, partition, wanted))",
        "pages.learn(wanted, {})",
        BESIDE + "a_flood_counts_for_one_page_and_displaces_none[sqlite]",
    ),
    Safeguard(
        "new pages are counted in the hour",
        "rows/fold/new_pages.py",
        "pages.learn_new(places, await _new(connection, generation, partition, places))",
        "pages.learn_new(places, {})",
        BESIDE + "a_flood_counts_for_one_page_and_displaces_none[sqlite]",
    ),
    Safeguard(
        "a shorter log begins with known pages",
        "rows/rebuild/generations.py",
        "            await carry_known(connection, info.generation, rules, begun)\n",
        "",
        BESIDE_REBUILDS + "a_log_without_its_beginning_gives_back_the_same_names[sqlite]",
    ),
    Safeguard(
        "a longer log begins where all known pages are remembered",
        "rows/rebuild/known_pages.py",
        "max(hour, remembered)",
        "hour",
        BESIDE_REBUILDS
        + "a_log_that_is_older_than_what_is_remembered_gives_the_same_names[sqlite]",
    ),
    Safeguard(
        "pages are known as long as the fold may ask",
        "rows/retention/beside.py",
        "forgotten, _is_left_behind())",
        "forgotten)",
        "tests/contract/retention/test_beside.py::test_"
        "what_the_fold_may_still_ask_for_is_known_whatever_a_clock_says[embedded]",
    ),
    Safeguard(
        "what is ahead is named by its own side",
        "rows/fold/beside.py",
        "            rows = together(rows, found)\n",
        "            rows = together(rows, delta.guarded[0].rows)\n",
        BESIDE_REBUILDS + "what_one_side_is_ahead_is_counted_as_that_side_will[sqlite]",
    ),
    Safeguard(
        "differences beside pages stop a promote",
        "domain/generations.py",
        "return bool(self.differing or self.differing_beside)",
        "return bool(self.differing)",
        "tests/unit/domain/test_generations.py::test_differences_beside_pages_are_differences",
    ),
    Safeguard(
        "views beside pages that expire stand in the ledger",
        "rows/retention/beside.py",
        "                await _add_expired(connection, ledger_of, sum(views))\n",
        "",
        "tests/contract/retention/test_beside.py::test_"
        "what_is_past_goes_with_the_rows_and_its_views_stand_in_the_ledger[embedded]",
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
        "and none is passed over where it is fast",
        "ingest/usual.py",
        "decode = _DECODE.get(body.count(b'\"'))",
        "decode = _DECODE[8]",
        "tests/unit/ingest/test_usual.py::test_whatever_else_there_is_the_judge_looks_at",
    ),
    Safeguard(
        "part of a body is none",
        "web/bodies.py",
        '        while message["type"] == "http.request":\n',
        "        while True:\n",
        "tests/unit/web/test_bodies.py::test_a_client_that_goes_within_its_body_has_sent_nothing",
    ),
    # The locks
    Safeguard(
        "a key is compared whole",
        "domain/key_ring.py",
        "return found if same and found is not _NOBODY else None",
        "return found if found is not _NOBODY else None",
        "tests/unit/domain/test_keys.py::test_only_the_whole_secret_is_that_of_a_key",
    ),
    Safeguard(
        "a key whose time is over opens nothing",
        "web/lock.py",
        "return key.fault(now_ms()) or ring.caller_of(key)",
        "return ring.caller_of(key)",
        LOCK + "the_holder_of_a_key_whose_time_is_over_is_told_so_and_nobody_else",
    ),
    Safeguard(
        "a right is asked for",
        "web/door.py",
        "access.right in caller.rights or ",
        "caller.rights or ",
        LOCK + "a_key_opens_what_it_has_the_right_to",
    ),
    Safeguard(
        "it is asked for each time",
        "web/short_way.py",
        "refusal = way.door.locked_out(scope, usual.hot.access, usual.shown)",
        "refusal = None",
        "tests/unit/web/test_short_way.py::test_a_key_that_is_taken_away_opens_nothing_any_more",
    ),
    Safeguard(
        "a browser goes the long way",
        "web/door.py",
        "if headers is None or not _OF_BROWSERS.isdisjoint(headers):",
        "if headers is None:",
        "tests/unit/web/test_short_way.py::test_whatever_is_not_usual_goes_the_long_way",
    ),
    Safeguard(
        "nothing is sent with a cookie",
        "web/door.py",
        'looks = method in ("GET", "HEAD") and not cross_site',
        "looks = not cross_site",
        COOKIES + "nothing_is_sent_with_it",
    ),
    Safeguard(
        "another site's page looks at nothing with anybody's cookie",
        "web/door.py",
        'looks = method in ("GET", "HEAD") and not cross_site',
        'looks = method in ("GET", "HEAD")',
        COOKIES + "nothing_of_it_counts_where_another_site_has_it_sent",
    ),
    Safeguard(
        "nor does a page that may read with a key",
        "web/entrance.py",
        'b"sec-fetch-site", COOKIE)',
        'b"sec-fetch-site")',
        COOKIES + "a_page_that_may_read_with_a_key_has_no_part_in_anybodys_cookie",
    ),
    Safeguard(
        "nobody appends with a cookie",
        "web/asking.py",
        "found._replace(rights=found.rights - {Right.INGEST})",
        "found",
        COOKIES + "it_never_has_the_right_to_append_whatever_the_key_may",
    ),
    Safeguard(
        "nobody is signed in by a form that does not say it is ours",
        "dashboard/signing_in.py",
        'if not (header(scope, b"origin") or header(scope, b"sec-fetch-site")):',
        "if False:",
        SIGNING_IN + "a_form_of_another_site_signs_nobody_in_or_out",
    ),
    Safeguard(
        "signing in leads nowhere else",
        "dashboard/leading.py",
        "return text if len(text) <= MOST and _PLACE.fullmatch(text) else HOME",
        "return text",
        "tests/unit/dashboard/test_leading.py::test_whatever_else_is_the_beginning",
    ),
    Safeguard(
        "some sites are public only where the others are not",
        "cli/wiring/keys.py",
        "    elif settings.public_sites:\n",
        "    elif False:\n",
        "tests/unit/cli/test_locks.py::test_some_sites_cannot_be_public_where_all_are",
    ),
    Safeguard(
        "who comes without a key knows of public sites alone",
        "cli/wiring/locks.py",
        'return public(each for each in settings.public_sites.split(",") if each)',
        'return Caller("k", frozenset(), frozenset(settings.public_sites))',
        "tests/unit/cli/test_locks.py"
        "::test_whoever_comes_without_a_key_reads_what_is_public_and_nothing_else",
    ),
    Safeguard(
        "badges are of the sites that are named",
        "read_api/badges/routes.py",
        "known = site_of(name) in named or ANY in named",
        "known = True",
        "tests/unit/read_api/test_badges.py::test_of_others_there_is_the_same_nothing",
    ),
    Safeguard(
        "keys outlive a file that is gone",
        "cli/processes/keys_file.py",
        'logger.error("%s; the keys stay as they were", error)\n            return',
        'logger.error("%s; the keys stay as they were", error)\n            self._ring = Ring()\n'
        "            return",
        "tests/unit/cli/test_keys_file.py"
        "::test_what_was_known_outlives_a_file_that_is_gone_or_broken",
    ),
    Safeguard(
        "a service without keys does not stand open to others",
        "cli/wiring/locks.py",
        "return lock_of(Ring, now_ms)",
        "return nobody_locks",
        "tests/unit/cli/test_locks.py"
        "::test_a_projector_without_keys_tells_others_that_it_lives_and_no_more",
    ),
    Safeguard(
        "a role that serves others does not start without keys",
        "cli/wiring/keys.py",
        "if not settings.has_keys and not settings.open_to_all and is_for_others(settings.host):",
        "if False:",
        "tests/unit/cli/test_locks.py::test_where_others_come_in_it_does_not_start_without_keys",
    ),
    Safeguard(
        "strangers are not told what is wrong",
        "web/app.py",
        "if Right.ADMIN in caller_of(scope).rights:",
        "if True:",
        LOCK + "strangers_are_told_whether_it_is_ready_and_not_why",
    ),
    Safeguard(
        "a key is no name of a request",
        "web/passage.py",
        "good and _OF_SECRETS not in value",
        "good",
        "tests/unit/web/test_entrance.py::test_what_is_no_name_is_replaced_by_one",
    ),
    Safeguard(
        "several names of one site get a view once",
        "ingest/doors/routes.py",
        "once_a_page(found) if self._door.one_view else found",
        "found",
        "tests/unit/ingest/doors/test_browser.py"
        "::test_a_site_that_is_named_in_several_ways_gets_a_view_once",
    ),
    Safeguard(
        "a filter that takes long leaves the turn to others",
        "read_api/plausible/reading.py",
        "len(ranking.rows) * _tests(asked)",
        "len(ranking.rows)",
        "tests/unit/read_api/plausible/test_bounds.py"
        "::test_few_names_with_a_filter_that_takes_long_leave_the_turn_to_others",
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
