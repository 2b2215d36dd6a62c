SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.audits (
    generation integer NOT NULL,
    kind character varying(16) NOT NULL,
    checked_ms bigint NOT NULL,
    difference bigint NOT NULL
);
CREATE TABLE public.checkpoints (
    generation integer NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    epoch bigint NOT NULL,
    events bigint NOT NULL,
    views bigint NOT NULL,
    recorded_ms bigint NOT NULL,
    carried_offset bigint NOT NULL
);
CREATE TABLE public.dead_letters (
    generation integer NOT NULL,
    partition integer NOT NULL,
    log_offset bigint NOT NULL,
    reason text NOT NULL,
    body bytea NOT NULL,
    created_ms bigint NOT NULL
);
CREATE TABLE public.generations (
    generation integer NOT NULL,
    state character varying(16) NOT NULL,
    purpose character varying(16) NOT NULL,
    created_ms bigint NOT NULL,
    page_rules text NOT NULL,
    carried_before integer,
    carried_views bigint NOT NULL,
    expired_views bigint NOT NULL,
    kept_until_ms bigint NOT NULL
);
CREATE TABLE public.hourly_views (
    generation integer NOT NULL,
    page text NOT NULL COLLATE pg_catalog."C",
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
)
PARTITION BY LIST (generation);
CREATE TABLE public.hourly_views_g1 (
    generation integer NOT NULL,
    page text NOT NULL COLLATE pg_catalog."C",
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
)
PARTITION BY RANGE (view_hour);
CREATE TABLE public.hourly_views_g1_2026_07 (
    generation integer NOT NULL,
    page text NOT NULL COLLATE pg_catalog."C",
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
);
CREATE TABLE public.hourly_views_g1_2026_08 (
    generation integer NOT NULL,
    page text NOT NULL COLLATE pg_catalog."C",
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
);
CREATE TABLE public.hourly_views_g1_2026_09 (
    generation integer NOT NULL,
    page text NOT NULL COLLATE pg_catalog."C",
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
);
CREATE TABLE public.hourly_views_g1_2026_10 (
    generation integer NOT NULL,
    page text NOT NULL COLLATE pg_catalog."C",
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
);
CREATE TABLE public.hourly_views_g2 (
    generation integer NOT NULL,
    page text NOT NULL COLLATE pg_catalog."C",
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
)
PARTITION BY RANGE (view_hour);
CREATE TABLE public.hourly_views_g2_2026_07 (
    generation integer NOT NULL,
    page text NOT NULL COLLATE pg_catalog."C",
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
);
CREATE TABLE public.hourly_views_g2_2026_08 (
    generation integer NOT NULL,
    page text NOT NULL COLLATE pg_catalog."C",
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
);
CREATE TABLE public.hourly_views_g2_2026_09 (
    generation integer NOT NULL,
    page text NOT NULL COLLATE pg_catalog."C",
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
);
CREATE TABLE public.hourly_views_g2_2026_10 (
    generation integer NOT NULL,
    page text NOT NULL COLLATE pg_catalog."C",
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
);
CREATE TABLE public.hourly_views_g2_2026_11 (
    generation integer NOT NULL,
    page text NOT NULL COLLATE pg_catalog."C",
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
);
CREATE TABLE public.jobs (
    name character varying(32) NOT NULL,
    owner character varying(128),
    epoch bigint NOT NULL,
    expires_ms bigint NOT NULL
);
CREATE TABLE public.leases (
    partition integer NOT NULL,
    owner character varying(128),
    epoch bigint NOT NULL,
    expires_ms bigint NOT NULL
);
CREATE TABLE public.retention (
    id integer NOT NULL,
    horizon integer NOT NULL
);
CREATE VIEW public.page_views AS
 SELECT hourly_views.page,
    hourly_views.view_hour,
    (sum(hourly_views.views))::bigint AS views
   FROM public.hourly_views
  WHERE ((hourly_views.generation = ( SELECT generations.generation
           FROM public.generations
          WHERE ((generations.state)::text = 'live'::text))) AND (hourly_views.view_hour >= ( SELECT ('1970-01-01 00:00:00+00'::timestamp with time zone + make_interval(hours => retention.horizon))
           FROM public.retention)))
  GROUP BY hourly_views.page, hourly_views.view_hour;
CREATE TABLE public.producer_positions (
    generation integer NOT NULL,
    partition integer NOT NULL,
    producer character varying(64) NOT NULL,
    sequence bigint NOT NULL,
    log_offset bigint NOT NULL
);
CREATE TABLE public.projectors (
    owner character varying(128) NOT NULL,
    expires_ms bigint NOT NULL
);
ALTER TABLE ONLY public.hourly_views ATTACH PARTITION public.hourly_views_g1 FOR VALUES IN (1);
ALTER TABLE ONLY public.hourly_views_g1 ATTACH PARTITION public.hourly_views_g1_2026_07 FOR VALUES FROM ('2026-07-01 00:00:00+00') TO ('2026-08-01 00:00:00+00');
ALTER TABLE ONLY public.hourly_views_g1 ATTACH PARTITION public.hourly_views_g1_2026_08 FOR VALUES FROM ('2026-08-01 00:00:00+00') TO ('2026-09-01 00:00:00+00');
ALTER TABLE ONLY public.hourly_views_g1 ATTACH PARTITION public.hourly_views_g1_2026_09 FOR VALUES FROM ('2026-09-01 00:00:00+00') TO ('2026-10-01 00:00:00+00');
ALTER TABLE ONLY public.hourly_views_g1 ATTACH PARTITION public.hourly_views_g1_2026_10 FOR VALUES FROM ('2026-10-01 00:00:00+00') TO ('2026-11-01 00:00:00+00');
ALTER TABLE ONLY public.hourly_views ATTACH PARTITION public.hourly_views_g2 FOR VALUES IN (2);
ALTER TABLE ONLY public.hourly_views_g2 ATTACH PARTITION public.hourly_views_g2_2026_07 FOR VALUES FROM ('2026-07-01 00:00:00+00') TO ('2026-08-01 00:00:00+00');
ALTER TABLE ONLY public.hourly_views_g2 ATTACH PARTITION public.hourly_views_g2_2026_08 FOR VALUES FROM ('2026-08-01 00:00:00+00') TO ('2026-09-01 00:00:00+00');
ALTER TABLE ONLY public.hourly_views_g2 ATTACH PARTITION public.hourly_views_g2_2026_09 FOR VALUES FROM ('2026-09-01 00:00:00+00') TO ('2026-10-01 00:00:00+00');
ALTER TABLE ONLY public.hourly_views_g2 ATTACH PARTITION public.hourly_views_g2_2026_10 FOR VALUES FROM ('2026-10-01 00:00:00+00') TO ('2026-11-01 00:00:00+00');
ALTER TABLE ONLY public.hourly_views_g2 ATTACH PARTITION public.hourly_views_g2_2026_11 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');
INSERT INTO public.alembic_version VALUES
	('rows_0001');
INSERT INTO public.checkpoints VALUES
	(1, 1, 17, 4611686018427387904, 33, 73, 1795610831569, 0),
	(1, 2, 34, 4611686018427387904, 66, 146, 1795610831574, 0),
	(1, 0, 16, 4611686018427387904, 31, 71, 1795610831578, 0),
	(2, 2, 40, 2, 80, 180, 1795610846844, 0),
	(2, 1, 20, 2, 40, 90, 1795610846839, 0),
	(2, 0, 21, 2, 40, 90, 1795610846849, 0);
INSERT INTO public.dead_letters VALUES
	(1, 0, 9, 'JSON is malformed: invalid character (byte 4)', '\x6e6f206261746368206f6620616e79626f6479', 1795610831609),
	(2, 0, 9, 'JSON is malformed: invalid character (byte 4)', '\x6e6f206261746368206f6620616e79626f6479', 1795610839795);
INSERT INTO public.generations VALUES
	(1, 'previous', 'first', 0, '', NULL, 0, 0, 1796215641295),
	(2, 'live', 'replay', 1795610837221, 'lower-host', NULL, 0, 0, 0);
INSERT INTO public.hourly_views_g1_2026_07 VALUES
	(1, 'example.com/', '2026-07-20 08:00:00+00', 2, 2),
	(1, 'example.com/', '2026-07-21 21:00:00+00', 2, 1),
	(1, 'example.com/', '2026-07-23 10:00:00+00', 2, 5),
	(1, 'example.com/', '2026-07-24 23:00:00+00', 2, 4),
	(1, 'example.com/', '2026-07-26 12:00:00+00', 2, 3),
	(1, 'example.com/', '2026-07-28 01:00:00+00', 0, 1),
	(1, 'example.com/', '2026-07-28 01:00:00+00', 2, 1),
	(1, 'example.com/about', '2026-07-20 13:00:00+00', 2, 5),
	(1, 'example.com/about', '2026-07-22 02:00:00+00', 2, 4),
	(1, 'example.com/about', '2026-07-23 15:00:00+00', 2, 3),
	(1, 'example.com/about', '2026-07-25 04:00:00+00', 2, 2),
	(1, 'example.com/about', '2026-07-26 17:00:00+00', 2, 1),
	(1, 'example.com/about', '2026-07-28 06:00:00+00', 0, 2),
	(1, 'example.com/about', '2026-07-28 06:00:00+00', 1, 3),
	(1, 'Example.com/about', '2026-07-20 13:00:00+00', 1, 1),
	(1, 'Example.com/about', '2026-07-22 02:00:00+00', 1, 5),
	(1, 'Example.com/about', '2026-07-23 15:00:00+00', 1, 4),
	(1, 'Example.com/about', '2026-07-25 04:00:00+00', 1, 3),
	(1, 'Example.com/about', '2026-07-26 17:00:00+00', 1, 2),
	(1, 'Example.com/about', '2026-07-28 06:00:00+00', 1, 1),
	(1, 'example.org/päge?x=1', '2026-07-20 03:00:00+00', 2, 3),
	(1, 'example.org/päge?x=1', '2026-07-21 16:00:00+00', 2, 2),
	(1, 'example.org/päge?x=1', '2026-07-23 05:00:00+00', 2, 1),
	(1, 'example.org/päge?x=1', '2026-07-24 18:00:00+00', 2, 5),
	(1, 'example.org/päge?x=1', '2026-07-26 07:00:00+00', 2, 4),
	(1, 'example.org/päge?x=1', '2026-07-27 20:00:00+00', 2, 3);
INSERT INTO public.hourly_views_g1_2026_08 VALUES
	(1, 'example.com/about', '2026-08-27 06:00:00+00', 0, 2),
	(1, 'example.com/about', '2026-08-27 06:00:00+00', 1, 1),
	(1, 'example.com/about', '2026-08-27 06:00:00+00', 2, 1),
	(1, 'Example.com/about', '2026-08-27 06:00:00+00', 0, 2),
	(1, 'Example.com/about', '2026-08-27 06:00:00+00', 1, 1),
	(1, 'Example.com/about', '2026-08-27 06:00:00+00', 2, 2),
	(1, 'example.org/päge?x=1', '2026-08-26 20:00:00+00', 0, 1),
	(1, 'example.org/päge?x=1', '2026-08-26 20:00:00+00', 2, 1),
	(1, 'Example.com/about', '2026-08-19 13:00:00+00', 0, 5),
	(1, 'Example.com/about', '2026-08-21 02:00:00+00', 0, 4),
	(1, 'Example.com/about', '2026-08-22 15:00:00+00', 0, 3),
	(1, 'Example.com/about', '2026-08-24 04:00:00+00', 0, 2),
	(1, 'Example.com/about', '2026-08-25 17:00:00+00', 0, 1),
	(1, 'example.com/', '2026-08-19 08:00:00+00', 1, 1),
	(1, 'example.com/', '2026-08-20 21:00:00+00', 1, 5),
	(1, 'example.com/', '2026-08-22 10:00:00+00', 1, 4),
	(1, 'example.com/', '2026-08-23 23:00:00+00', 1, 3),
	(1, 'example.com/', '2026-08-25 12:00:00+00', 1, 2),
	(1, 'example.com/', '2026-08-27 01:00:00+00', 2, 1),
	(1, 'example.com/about', '2026-08-19 13:00:00+00', 1, 4),
	(1, 'example.com/about', '2026-08-21 02:00:00+00', 1, 3),
	(1, 'example.com/about', '2026-08-22 15:00:00+00', 1, 2),
	(1, 'example.com/about', '2026-08-24 04:00:00+00', 1, 1),
	(1, 'example.com/about', '2026-08-25 17:00:00+00', 1, 5),
	(1, 'example.org/päge?x=1', '2026-08-19 03:00:00+00', 1, 2),
	(1, 'example.org/päge?x=1', '2026-08-20 16:00:00+00', 1, 1),
	(1, 'example.org/päge?x=1', '2026-08-22 05:00:00+00', 1, 5),
	(1, 'example.org/päge?x=1', '2026-08-23 18:00:00+00', 1, 4),
	(1, 'example.org/päge?x=1', '2026-08-25 07:00:00+00', 1, 3);
INSERT INTO public.hourly_views_g1_2026_09 VALUES
	(1, 'Example.com/about', '2026-09-18 13:00:00+00', 2, 4),
	(1, 'Example.com/about', '2026-09-20 02:00:00+00', 2, 3),
	(1, 'Example.com/about', '2026-09-21 15:00:00+00', 2, 2),
	(1, 'Example.com/about', '2026-09-23 04:00:00+00', 2, 1),
	(1, 'Example.com/about', '2026-09-24 17:00:00+00', 2, 5),
	(1, 'Example.com/about', '2026-09-26 06:00:00+00', 0, 2),
	(1, 'Example.com/about', '2026-09-26 06:00:00+00', 1, 1),
	(1, 'Example.com/about', '2026-09-26 06:00:00+00', 2, 1),
	(1, 'example.com/', '2026-09-26 01:00:00+00', 0, 2),
	(1, 'example.com/', '2026-09-26 01:00:00+00', 2, 3),
	(1, 'example.com/about', '2026-09-18 13:00:00+00', 2, 3),
	(1, 'example.com/about', '2026-09-20 02:00:00+00', 2, 2),
	(1, 'example.com/about', '2026-09-21 15:00:00+00', 2, 1),
	(1, 'example.com/about', '2026-09-23 04:00:00+00', 2, 5),
	(1, 'example.com/about', '2026-09-24 17:00:00+00', 2, 4),
	(1, 'example.com/about', '2026-09-26 06:00:00+00', 1, 2),
	(1, 'example.com/about', '2026-09-26 06:00:00+00', 2, 1),
	(1, 'example.org/päge?x=1', '2026-09-18 03:00:00+00', 0, 1),
	(1, 'example.org/päge?x=1', '2026-09-19 16:00:00+00', 0, 5),
	(1, 'example.org/päge?x=1', '2026-09-21 05:00:00+00', 0, 4),
	(1, 'example.org/päge?x=1', '2026-09-22 18:00:00+00', 0, 3),
	(1, 'example.org/päge?x=1', '2026-09-24 07:00:00+00', 0, 2),
	(1, 'example.org/päge?x=1', '2026-09-25 20:00:00+00', 2, 1),
	(1, 'example.com/', '2026-09-18 08:00:00+00', 0, 5),
	(1, 'example.com/', '2026-09-19 21:00:00+00', 0, 4),
	(1, 'example.com/', '2026-09-21 10:00:00+00', 0, 3),
	(1, 'example.com/', '2026-09-22 23:00:00+00', 0, 2),
	(1, 'example.com/', '2026-09-24 12:00:00+00', 0, 1);
INSERT INTO public.hourly_views_g1_2026_10 VALUES
	(1, 'example.com/', '2026-10-18 08:00:00+00', 1, 4),
	(1, 'example.com/', '2026-10-19 21:00:00+00', 1, 3),
	(1, 'example.com/', '2026-10-21 10:00:00+00', 1, 2),
	(1, 'example.com/', '2026-10-22 23:00:00+00', 1, 1),
	(1, 'example.com/', '2026-10-24 12:00:00+00', 1, 5),
	(1, 'example.com/', '2026-10-26 01:00:00+00', 0, 1),
	(1, 'example.com/', '2026-10-26 01:00:00+00', 1, 1),
	(1, 'example.com/', '2026-10-26 01:00:00+00', 2, 2),
	(1, 'example.com/about', '2026-10-18 13:00:00+00', 2, 2),
	(1, 'example.com/about', '2026-10-20 02:00:00+00', 2, 1),
	(1, 'example.com/about', '2026-10-21 15:00:00+00', 2, 5),
	(1, 'example.com/about', '2026-10-23 04:00:00+00', 2, 4),
	(1, 'example.com/about', '2026-10-24 17:00:00+00', 2, 3),
	(1, 'example.com/about', '2026-10-26 06:00:00+00', 0, 2),
	(1, 'Example.com/about', '2026-10-18 13:00:00+00', 1, 3),
	(1, 'Example.com/about', '2026-10-20 02:00:00+00', 1, 2),
	(1, 'Example.com/about', '2026-10-21 15:00:00+00', 1, 1),
	(1, 'Example.com/about', '2026-10-23 04:00:00+00', 1, 5),
	(1, 'Example.com/about', '2026-10-24 17:00:00+00', 1, 4),
	(1, 'Example.com/about', '2026-10-26 06:00:00+00', 0, 1),
	(1, 'Example.com/about', '2026-10-26 06:00:00+00', 2, 2),
	(1, 'example.org/päge?x=1', '2026-10-18 03:00:00+00', 2, 5),
	(1, 'example.org/päge?x=1', '2026-10-19 16:00:00+00', 2, 4),
	(1, 'example.org/päge?x=1', '2026-10-21 05:00:00+00', 2, 3),
	(1, 'example.org/päge?x=1', '2026-10-22 18:00:00+00', 2, 2),
	(1, 'example.org/päge?x=1', '2026-10-24 07:00:00+00', 2, 1),
	(1, 'example.org/päge?x=1', '2026-10-25 20:00:00+00', 0, 2),
	(1, 'example.org/päge?x=1', '2026-10-25 20:00:00+00', 1, 2),
	(1, 'example.org/päge?x=1', '2026-10-25 20:00:00+00', 2, 1);
INSERT INTO public.hourly_views_g2_2026_07 VALUES
	(2, 'example.com/about', '2026-07-25 04:00:00+00', 2, 2),
	(2, 'example.org/päge?x=1', '2026-07-23 05:00:00+00', 2, 1),
	(2, 'example.org/päge?x=1', '2026-07-26 07:00:00+00', 2, 4),
	(2, 'example.com/about', '2026-07-23 15:00:00+00', 2, 3),
	(2, 'example.com/about', '2026-07-20 13:00:00+00', 2, 5),
	(2, 'example.org/päge?x=1', '2026-07-21 16:00:00+00', 2, 2),
	(2, 'example.com/about', '2026-07-25 04:00:00+00', 1, 3),
	(2, 'example.com/about', '2026-07-23 15:00:00+00', 1, 4),
	(2, 'example.org/päge?x=1', '2026-07-27 20:00:00+00', 2, 3),
	(2, 'example.com/about', '2026-07-22 02:00:00+00', 2, 4),
	(2, 'example.com/about', '2026-07-28 06:00:00+00', 0, 2),
	(2, 'example.org/päge?x=1', '2026-07-24 18:00:00+00', 2, 5),
	(2, 'example.com/', '2026-07-26 12:00:00+00', 2, 3),
	(2, 'example.com/', '2026-07-20 08:00:00+00', 2, 2),
	(2, 'example.com/about', '2026-07-22 02:00:00+00', 1, 5),
	(2, 'example.com/about', '2026-07-28 06:00:00+00', 1, 4),
	(2, 'example.com/about', '2026-07-26 17:00:00+00', 1, 2),
	(2, 'example.com/', '2026-07-28 01:00:00+00', 2, 1),
	(2, 'example.com/', '2026-07-24 23:00:00+00', 2, 4),
	(2, 'example.com/', '2026-07-21 21:00:00+00', 2, 1),
	(2, 'example.com/about', '2026-07-26 17:00:00+00', 2, 1),
	(2, 'example.com/', '2026-07-23 10:00:00+00', 2, 5),
	(2, 'example.com/about', '2026-07-20 13:00:00+00', 1, 1),
	(2, 'example.com/', '2026-07-28 01:00:00+00', 0, 1),
	(2, 'example.org/päge?x=1', '2026-07-20 03:00:00+00', 2, 3);
INSERT INTO public.hourly_views_g2_2026_08 VALUES
	(2, 'example.com/about', '2026-08-19 13:00:00+00', 0, 5),
	(2, 'example.org/päge?x=1', '2026-08-26 20:00:00+00', 0, 1),
	(2, 'example.com/about', '2026-08-27 06:00:00+00', 0, 4),
	(2, 'example.com/about', '2026-08-25 17:00:00+00', 1, 5),
	(2, 'example.com/about', '2026-08-19 13:00:00+00', 1, 4),
	(2, 'example.org/päge?x=1', '2026-08-19 03:00:00+00', 1, 2),
	(2, 'example.com/', '2026-08-20 21:00:00+00', 1, 5),
	(2, 'example.com/about', '2026-08-21 02:00:00+00', 0, 4),
	(2, 'example.com/', '2026-08-22 10:00:00+00', 1, 4),
	(2, 'example.org/päge?x=1', '2026-08-20 16:00:00+00', 1, 1),
	(2, 'example.com/about', '2026-08-22 15:00:00+00', 0, 3),
	(2, 'example.com/', '2026-08-19 08:00:00+00', 1, 1),
	(2, 'example.com/', '2026-08-25 12:00:00+00', 1, 2),
	(2, 'example.com/about', '2026-08-24 04:00:00+00', 0, 2),
	(2, 'example.org/päge?x=1', '2026-08-22 05:00:00+00', 1, 5),
	(2, 'example.com/about', '2026-08-21 02:00:00+00', 1, 3),
	(2, 'example.com/', '2026-08-27 01:00:00+00', 2, 1),
	(2, 'example.com/about', '2026-08-22 15:00:00+00', 1, 2),
	(2, 'example.com/about', '2026-08-27 06:00:00+00', 2, 3),
	(2, 'example.org/päge?x=1', '2026-08-26 20:00:00+00', 2, 1),
	(2, 'example.org/päge?x=1', '2026-08-23 18:00:00+00', 1, 4),
	(2, 'example.com/about', '2026-08-27 06:00:00+00', 1, 2),
	(2, 'example.com/', '2026-08-23 23:00:00+00', 1, 3),
	(2, 'example.org/päge?x=1', '2026-08-25 07:00:00+00', 1, 3),
	(2, 'example.com/about', '2026-08-25 17:00:00+00', 0, 1),
	(2, 'example.com/about', '2026-08-24 04:00:00+00', 1, 1);
INSERT INTO public.hourly_views_g2_2026_09 VALUES
	(2, 'example.org/päge?x=1', '2026-09-22 18:00:00+00', 0, 3),
	(2, 'example.com/about', '2026-09-18 13:00:00+00', 2, 7),
	(2, 'example.org/päge?x=1', '2026-09-19 16:00:00+00', 0, 5),
	(2, 'example.com/about', '2026-09-26 06:00:00+00', 1, 3),
	(2, 'example.com/', '2026-09-18 08:00:00+00', 0, 5),
	(2, 'example.com/about', '2026-09-26 06:00:00+00', 0, 2),
	(2, 'example.com/', '2026-09-26 01:00:00+00', 2, 3),
	(2, 'example.com/about', '2026-09-24 17:00:00+00', 2, 9),
	(2, 'example.com/about', '2026-09-23 04:00:00+00', 2, 6),
	(2, 'example.org/päge?x=1', '2026-09-25 20:00:00+00', 2, 1),
	(2, 'example.com/', '2026-09-24 12:00:00+00', 0, 1),
	(2, 'example.com/about', '2026-09-21 15:00:00+00', 2, 3),
	(2, 'example.com/', '2026-09-21 10:00:00+00', 0, 3),
	(2, 'example.org/päge?x=1', '2026-09-21 05:00:00+00', 0, 4),
	(2, 'example.com/', '2026-09-19 21:00:00+00', 0, 4),
	(2, 'example.com/', '2026-09-22 23:00:00+00', 0, 2),
	(2, 'example.org/päge?x=1', '2026-09-18 03:00:00+00', 0, 1),
	(2, 'example.com/', '2026-09-26 01:00:00+00', 0, 2),
	(2, 'example.org/päge?x=1', '2026-09-24 07:00:00+00', 0, 2),
	(2, 'example.com/about', '2026-09-20 02:00:00+00', 2, 5),
	(2, 'example.com/about', '2026-09-26 06:00:00+00', 2, 2);
INSERT INTO public.hourly_views_g2_2026_10 VALUES
	(2, 'example.com/', '2026-10-19 21:00:00+00', 1, 3),
	(2, 'example.org/päge?x=1', '2026-10-25 20:00:00+00', 0, 2),
	(2, 'example.com/', '2026-10-24 12:00:00+00', 1, 5),
	(2, 'example.org/päge?x=1', '2026-10-18 03:00:00+00', 2, 5),
	(2, 'example.com/about', '2026-10-18 13:00:00+00', 1, 3),
	(2, 'example.com/about', '2026-10-20 02:00:00+00', 1, 2),
	(2, 'example.com/about', '2026-10-20 02:00:00+00', 2, 1),
	(2, 'example.org/päge?x=1', '2026-10-19 16:00:00+00', 2, 4),
	(2, 'example.com/about', '2026-10-24 17:00:00+00', 2, 3),
	(2, 'example.com/', '2026-10-22 23:00:00+00', 1, 1),
	(2, 'example.com/about', '2026-10-21 15:00:00+00', 2, 5),
	(2, 'example.com/', '2026-10-21 10:00:00+00', 1, 2),
	(2, 'example.org/päge?x=1', '2026-10-25 20:00:00+00', 1, 2),
	(2, 'example.com/about', '2026-10-23 04:00:00+00', 2, 4),
	(2, 'example.com/', '2026-10-18 08:00:00+00', 1, 4),
	(2, 'example.com/about', '2026-10-26 06:00:00+00', 0, 3),
	(2, 'example.com/about', '2026-10-21 15:00:00+00', 1, 1),
	(2, 'example.org/päge?x=1', '2026-10-21 05:00:00+00', 2, 3),
	(2, 'example.com/', '2026-10-26 01:00:00+00', 0, 1),
	(2, 'example.com/', '2026-10-26 01:00:00+00', 2, 2),
	(2, 'example.org/päge?x=1', '2026-10-22 18:00:00+00', 2, 2),
	(2, 'example.org/päge?x=1', '2026-10-25 20:00:00+00', 2, 1),
	(2, 'example.com/about', '2026-10-24 17:00:00+00', 1, 4),
	(2, 'example.com/about', '2026-10-18 13:00:00+00', 2, 2),
	(2, 'example.com/about', '2026-10-23 04:00:00+00', 1, 5),
	(2, 'example.com/about', '2026-10-26 06:00:00+00', 2, 2),
	(2, 'example.com/', '2026-10-26 01:00:00+00', 1, 1),
	(2, 'example.org/päge?x=1', '2026-10-24 07:00:00+00', 2, 1);
INSERT INTO public.hourly_views_g2_2026_11 VALUES
	(2, 'example.com/', '2026-11-17 08:00:00+00', 2, 3),
	(2, 'example.com/', '2026-11-18 21:00:00+00', 2, 2),
	(2, 'example.com/', '2026-11-20 10:00:00+00', 2, 1),
	(2, 'example.com/', '2026-11-21 23:00:00+00', 2, 5),
	(2, 'example.com/', '2026-11-23 12:00:00+00', 2, 4),
	(2, 'example.com/', '2026-11-25 01:00:00+00', 0, 1),
	(2, 'example.com/', '2026-11-25 01:00:00+00', 2, 2),
	(2, 'example.com/about', '2026-11-17 13:00:00+00', 1, 1),
	(2, 'example.com/about', '2026-11-19 02:00:00+00', 1, 5),
	(2, 'example.com/about', '2026-11-20 15:00:00+00', 1, 4),
	(2, 'example.com/about', '2026-11-22 04:00:00+00', 1, 3),
	(2, 'example.com/about', '2026-11-23 17:00:00+00', 1, 2),
	(2, 'example.com/about', '2026-11-17 13:00:00+00', 2, 2),
	(2, 'example.com/about', '2026-11-19 02:00:00+00', 2, 1),
	(2, 'example.com/about', '2026-11-20 15:00:00+00', 2, 5),
	(2, 'example.com/about', '2026-11-22 04:00:00+00', 2, 4),
	(2, 'example.com/about', '2026-11-23 17:00:00+00', 2, 3),
	(2, 'example.com/about', '2026-11-25 06:00:00+00', 0, 1),
	(2, 'example.org/päge?x=1', '2026-11-17 03:00:00+00', 0, 4),
	(2, 'example.org/päge?x=1', '2026-11-18 16:00:00+00', 0, 3),
	(2, 'example.org/päge?x=1', '2026-11-20 05:00:00+00', 0, 2),
	(2, 'example.org/päge?x=1', '2026-11-21 18:00:00+00', 0, 1),
	(2, 'example.org/päge?x=1', '2026-11-23 07:00:00+00', 0, 5),
	(2, 'example.org/päge?x=1', '2026-11-24 20:00:00+00', 0, 1),
	(2, 'example.org/päge?x=1', '2026-11-24 20:00:00+00', 1, 2),
	(2, 'example.org/päge?x=1', '2026-11-24 20:00:00+00', 2, 1),
	(2, 'example.com/about', '2026-11-25 06:00:00+00', 1, 2);
INSERT INTO public.jobs VALUES
	('replay', NULL, 1, 0);
INSERT INTO public.leases VALUES
	(0, NULL, 2, 0),
	(1, NULL, 2, 0),
	(2, NULL, 2, 0);
INSERT INTO public.producer_positions VALUES
	(1, 2, '46a1b8f58898462dbdacf7aa74406b40', 34, 33),
	(1, 1, '46a1b8f58898462dbdacf7aa74406b40', 17, 16),
	(1, 0, '46a1b8f58898462dbdacf7aa74406b40', 15, 15),
	(2, 2, '46a1b8f58898462dbdacf7aa74406b40', 34, 33),
	(2, 0, '46a1b8f58898462dbdacf7aa74406b40', 15, 15),
	(2, 1, '46a1b8f58898462dbdacf7aa74406b40', 17, 16),
	(2, 2, 'aece4a96f2bf4f0aae83a8bacb2cc157', 6, 39),
	(2, 1, 'aece4a96f2bf4f0aae83a8bacb2cc157', 3, 19),
	(2, 0, 'aece4a96f2bf4f0aae83a8bacb2cc157', 5, 20);
INSERT INTO public.retention VALUES
	(1, -20000000);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.audits
    ADD CONSTRAINT audits_pkey PRIMARY KEY (generation, kind);
ALTER TABLE ONLY public.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (generation, partition);
ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (generation, partition, log_offset);
ALTER TABLE ONLY public.generations
    ADD CONSTRAINT generations_pkey PRIMARY KEY (generation);
ALTER TABLE ONLY public.hourly_views
    ADD CONSTRAINT hourly_views_pkey PRIMARY KEY (page, view_hour, shard, generation);
ALTER TABLE ONLY public.hourly_views_g1
    ADD CONSTRAINT hourly_views_g1_pkey PRIMARY KEY (page, view_hour, shard, generation);
ALTER TABLE ONLY public.hourly_views_g1_2026_07
    ADD CONSTRAINT hourly_views_g1_2026_07_pkey PRIMARY KEY (page, view_hour, shard, generation);
ALTER TABLE ONLY public.hourly_views_g1_2026_08
    ADD CONSTRAINT hourly_views_g1_2026_08_pkey PRIMARY KEY (page, view_hour, shard, generation);
ALTER TABLE ONLY public.hourly_views_g1_2026_09
    ADD CONSTRAINT hourly_views_g1_2026_09_pkey PRIMARY KEY (page, view_hour, shard, generation);
ALTER TABLE ONLY public.hourly_views_g1_2026_10
    ADD CONSTRAINT hourly_views_g1_2026_10_pkey PRIMARY KEY (page, view_hour, shard, generation);
ALTER TABLE ONLY public.hourly_views_g2
    ADD CONSTRAINT hourly_views_g2_pkey PRIMARY KEY (page, view_hour, shard, generation);
ALTER TABLE ONLY public.hourly_views_g2_2026_07
    ADD CONSTRAINT hourly_views_g2_2026_07_pkey PRIMARY KEY (page, view_hour, shard, generation);
ALTER TABLE ONLY public.hourly_views_g2_2026_08
    ADD CONSTRAINT hourly_views_g2_2026_08_pkey PRIMARY KEY (page, view_hour, shard, generation);
ALTER TABLE ONLY public.hourly_views_g2_2026_09
    ADD CONSTRAINT hourly_views_g2_2026_09_pkey PRIMARY KEY (page, view_hour, shard, generation);
ALTER TABLE ONLY public.hourly_views_g2_2026_10
    ADD CONSTRAINT hourly_views_g2_2026_10_pkey PRIMARY KEY (page, view_hour, shard, generation);
ALTER TABLE ONLY public.hourly_views_g2_2026_11
    ADD CONSTRAINT hourly_views_g2_2026_11_pkey PRIMARY KEY (page, view_hour, shard, generation);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (partition);
ALTER TABLE ONLY public.producer_positions
    ADD CONSTRAINT producer_positions_pkey PRIMARY KEY (generation, partition, producer);
ALTER TABLE ONLY public.projectors
    ADD CONSTRAINT projectors_pkey PRIMARY KEY (owner);
ALTER TABLE ONLY public.retention
    ADD CONSTRAINT retention_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX one_live_generation ON public.generations USING btree (state) WHERE ((state)::text = 'live'::text);
ALTER INDEX public.hourly_views_g1_pkey ATTACH PARTITION public.hourly_views_g1_2026_07_pkey;
ALTER INDEX public.hourly_views_g1_pkey ATTACH PARTITION public.hourly_views_g1_2026_08_pkey;
ALTER INDEX public.hourly_views_g1_pkey ATTACH PARTITION public.hourly_views_g1_2026_09_pkey;
ALTER INDEX public.hourly_views_g1_pkey ATTACH PARTITION public.hourly_views_g1_2026_10_pkey;
ALTER INDEX public.hourly_views_pkey ATTACH PARTITION public.hourly_views_g1_pkey;
ALTER INDEX public.hourly_views_g2_pkey ATTACH PARTITION public.hourly_views_g2_2026_07_pkey;
ALTER INDEX public.hourly_views_g2_pkey ATTACH PARTITION public.hourly_views_g2_2026_08_pkey;
ALTER INDEX public.hourly_views_g2_pkey ATTACH PARTITION public.hourly_views_g2_2026_09_pkey;
ALTER INDEX public.hourly_views_g2_pkey ATTACH PARTITION public.hourly_views_g2_2026_10_pkey;
ALTER INDEX public.hourly_views_g2_pkey ATTACH PARTITION public.hourly_views_g2_2026_11_pkey;
ALTER INDEX public.hourly_views_pkey ATTACH PARTITION public.hourly_views_g2_pkey;
