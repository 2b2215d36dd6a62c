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
CREATE TABLE public.checkpoints (
    generation integer NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    epoch bigint NOT NULL,
    events bigint NOT NULL,
    views bigint NOT NULL,
    recorded_ms bigint NOT NULL
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
    created_ms bigint NOT NULL
);
CREATE TABLE public.hourly_views (
    generation integer NOT NULL,
    page text NOT NULL,
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
)
PARTITION BY LIST (generation);
CREATE TABLE public.hourly_views_g1 (
    generation integer NOT NULL,
    page text NOT NULL,
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
)
PARTITION BY RANGE (view_hour);
CREATE TABLE public.hourly_views_g1_2026_07 (
    generation integer NOT NULL,
    page text NOT NULL,
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
);
CREATE TABLE public.hourly_views_g1_2026_08 (
    generation integer NOT NULL,
    page text NOT NULL,
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
);
CREATE TABLE public.hourly_views_g1_2026_09 (
    generation integer NOT NULL,
    page text NOT NULL,
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
);
CREATE TABLE public.hourly_views_g1_2026_10 (
    generation integer NOT NULL,
    page text NOT NULL,
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
);
CREATE TABLE public.hourly_views_g1_2026_11 (
    generation integer NOT NULL,
    page text NOT NULL,
    view_hour timestamp with time zone NOT NULL,
    shard smallint NOT NULL,
    views bigint NOT NULL
);
CREATE TABLE public.leases (
    partition integer NOT NULL,
    owner character varying(128),
    epoch bigint NOT NULL,
    expires_ms bigint NOT NULL
);
CREATE VIEW public.page_views AS
 SELECT hourly_views.page,
    hourly_views.view_hour,
    (sum(hourly_views.views))::bigint AS views
   FROM public.hourly_views
  WHERE (hourly_views.generation = ( SELECT generations.generation
           FROM public.generations
          WHERE ((generations.state)::text = 'live'::text)))
  GROUP BY hourly_views.page, hourly_views.view_hour;
CREATE TABLE public.producer_positions (
    generation integer NOT NULL,
    partition integer NOT NULL,
    producer character varying(64) NOT NULL,
    sequence bigint NOT NULL,
    recorded_ms bigint NOT NULL
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
ALTER TABLE ONLY public.hourly_views_g1 ATTACH PARTITION public.hourly_views_g1_2026_11 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');
INSERT INTO public.alembic_version VALUES
	('rows_0001');
INSERT INTO public.checkpoints VALUES
	(1, 1, 20, 2, 40, 90, 1795912698830),
	(1, 0, 21, 2, 40, 90, 1795912698859),
	(1, 2, 40, 2, 80, 180, 1795912698852);
INSERT INTO public.dead_letters VALUES
	(1, 0, 9, 'JSON is malformed: invalid character (byte 4)', '\x6e6f206261746368206f6620616e79626f6479', 1795912685125);
INSERT INTO public.generations VALUES
	(1, 'live', 0);
INSERT INTO public.hourly_views_g1_2026_07 VALUES
	(1, 'example.com/', '2026-07-31 13:00:00+00', 1, 1),
	(1, 'example.com/', '2026-07-31 13:00:00+00', 2, 1),
	(1, 'example.com/about', '2026-07-31 18:00:00+00', 0, 2),
	(1, 'example.com/about', '2026-07-31 18:00:00+00', 1, 1),
	(1, 'example.com/about', '2026-07-31 18:00:00+00', 2, 2),
	(1, 'example.org/päge?x=1', '2026-07-23 15:00:00+00', 2, 3),
	(1, 'example.org/päge?x=1', '2026-07-25 04:00:00+00', 2, 2),
	(1, 'example.org/päge?x=1', '2026-07-26 17:00:00+00', 2, 1),
	(1, 'example.org/päge?x=1', '2026-07-28 06:00:00+00', 2, 5),
	(1, 'example.org/päge?x=1', '2026-07-29 19:00:00+00', 2, 4),
	(1, 'example.org/päge?x=1', '2026-07-31 08:00:00+00', 0, 2),
	(1, 'example.org/päge?x=1', '2026-07-31 08:00:00+00', 1, 1),
	(1, 'Example.com/about', '2026-07-24 01:00:00+00', 0, 1),
	(1, 'Example.com/about', '2026-07-25 14:00:00+00', 0, 5),
	(1, 'Example.com/about', '2026-07-27 03:00:00+00', 0, 4),
	(1, 'Example.com/about', '2026-07-28 16:00:00+00', 0, 3),
	(1, 'Example.com/about', '2026-07-30 05:00:00+00', 0, 2),
	(1, 'Example.com/about', '2026-07-31 18:00:00+00', 1, 1),
	(1, 'example.com/', '2026-07-23 20:00:00+00', 0, 2),
	(1, 'example.com/', '2026-07-25 09:00:00+00', 0, 1),
	(1, 'example.com/', '2026-07-26 22:00:00+00', 0, 5),
	(1, 'example.com/', '2026-07-28 11:00:00+00', 0, 4),
	(1, 'example.com/', '2026-07-30 00:00:00+00', 0, 3),
	(1, 'example.com/about', '2026-07-24 01:00:00+00', 0, 5),
	(1, 'example.com/about', '2026-07-25 14:00:00+00', 0, 4),
	(1, 'example.com/about', '2026-07-27 03:00:00+00', 0, 3),
	(1, 'example.com/about', '2026-07-28 16:00:00+00', 0, 2),
	(1, 'example.com/about', '2026-07-30 05:00:00+00', 0, 1);
INSERT INTO public.hourly_views_g1_2026_08 VALUES
	(1, 'example.org/päge?x=1', '2026-08-22 15:00:00+00', 1, 2),
	(1, 'example.org/päge?x=1', '2026-08-24 04:00:00+00', 1, 1),
	(1, 'example.org/päge?x=1', '2026-08-25 17:00:00+00', 1, 5),
	(1, 'example.org/päge?x=1', '2026-08-27 06:00:00+00', 1, 4),
	(1, 'example.org/päge?x=1', '2026-08-28 19:00:00+00', 1, 3),
	(1, 'example.org/päge?x=1', '2026-08-30 08:00:00+00', 1, 1),
	(1, 'example.org/päge?x=1', '2026-08-30 08:00:00+00', 2, 1),
	(1, 'example.com/', '2026-08-22 20:00:00+00', 0, 1),
	(1, 'example.com/', '2026-08-24 09:00:00+00', 0, 5),
	(1, 'example.com/', '2026-08-25 22:00:00+00', 0, 4),
	(1, 'example.com/', '2026-08-27 11:00:00+00', 0, 3),
	(1, 'example.com/', '2026-08-29 00:00:00+00', 0, 2),
	(1, 'example.com/', '2026-08-30 13:00:00+00', 2, 1),
	(1, 'example.com/about', '2026-08-23 01:00:00+00', 0, 4),
	(1, 'example.com/about', '2026-08-24 14:00:00+00', 0, 3),
	(1, 'example.com/about', '2026-08-26 03:00:00+00', 0, 2),
	(1, 'example.com/about', '2026-08-27 16:00:00+00', 0, 1),
	(1, 'example.com/about', '2026-08-29 05:00:00+00', 0, 5),
	(1, 'example.com/about', '2026-08-30 18:00:00+00', 0, 2),
	(1, 'example.com/about', '2026-08-30 18:00:00+00', 2, 2),
	(1, 'Example.com/about', '2026-08-23 01:00:00+00', 1, 5),
	(1, 'Example.com/about', '2026-08-24 14:00:00+00', 1, 4),
	(1, 'Example.com/about', '2026-08-26 03:00:00+00', 1, 3),
	(1, 'Example.com/about', '2026-08-27 16:00:00+00', 1, 2),
	(1, 'Example.com/about', '2026-08-29 05:00:00+00', 1, 1),
	(1, 'Example.com/about', '2026-08-30 18:00:00+00', 0, 1),
	(1, 'Example.com/about', '2026-08-30 18:00:00+00', 1, 2),
	(1, 'Example.com/about', '2026-08-30 18:00:00+00', 2, 2);
INSERT INTO public.hourly_views_g1_2026_09 VALUES
	(1, 'example.com/about', '2026-09-29 18:00:00+00', 0, 2),
	(1, 'example.com/about', '2026-09-29 18:00:00+00', 1, 1),
	(1, 'Example.com/about', '2026-09-29 18:00:00+00', 0, 3),
	(1, 'Example.com/about', '2026-09-29 18:00:00+00', 1, 1),
	(1, 'example.org/päge?x=1', '2026-09-21 15:00:00+00', 1, 1),
	(1, 'example.org/päge?x=1', '2026-09-23 04:00:00+00', 1, 5),
	(1, 'example.org/päge?x=1', '2026-09-24 17:00:00+00', 1, 4),
	(1, 'example.org/päge?x=1', '2026-09-26 06:00:00+00', 1, 3),
	(1, 'example.org/päge?x=1', '2026-09-27 19:00:00+00', 1, 2),
	(1, 'example.org/päge?x=1', '2026-09-29 08:00:00+00', 1, 1),
	(1, 'example.com/', '2026-09-21 20:00:00+00', 2, 5),
	(1, 'example.com/', '2026-09-23 09:00:00+00', 2, 4),
	(1, 'example.com/', '2026-09-24 22:00:00+00', 2, 3),
	(1, 'example.com/', '2026-09-26 11:00:00+00', 2, 2),
	(1, 'example.com/', '2026-09-28 00:00:00+00', 2, 1),
	(1, 'example.com/', '2026-09-29 13:00:00+00', 0, 1),
	(1, 'example.com/', '2026-09-29 13:00:00+00', 1, 1),
	(1, 'example.com/', '2026-09-29 13:00:00+00', 2, 3),
	(1, 'example.com/about', '2026-09-22 01:00:00+00', 1, 3),
	(1, 'example.com/about', '2026-09-23 14:00:00+00', 1, 2),
	(1, 'example.com/about', '2026-09-25 03:00:00+00', 1, 1),
	(1, 'example.com/about', '2026-09-26 16:00:00+00', 1, 5),
	(1, 'example.com/about', '2026-09-28 05:00:00+00', 1, 4),
	(1, 'Example.com/about', '2026-09-22 01:00:00+00', 0, 4),
	(1, 'Example.com/about', '2026-09-23 14:00:00+00', 0, 3),
	(1, 'Example.com/about', '2026-09-25 03:00:00+00', 0, 2),
	(1, 'Example.com/about', '2026-09-26 16:00:00+00', 0, 1),
	(1, 'Example.com/about', '2026-09-28 05:00:00+00', 0, 5);
INSERT INTO public.hourly_views_g1_2026_10 VALUES
	(1, 'example.com/', '2026-10-29 13:00:00+00', 1, 3),
	(1, 'example.com/', '2026-10-29 13:00:00+00', 2, 1),
	(1, 'example.com/about', '2026-10-29 18:00:00+00', 0, 2),
	(1, 'Example.com/about', '2026-10-29 18:00:00+00', 0, 1),
	(1, 'Example.com/about', '2026-10-29 18:00:00+00', 2, 2),
	(1, 'example.org/päge?x=1', '2026-10-21 15:00:00+00', 1, 5),
	(1, 'example.org/päge?x=1', '2026-10-23 04:00:00+00', 1, 4),
	(1, 'example.org/päge?x=1', '2026-10-24 17:00:00+00', 1, 3),
	(1, 'example.org/päge?x=1', '2026-10-26 06:00:00+00', 1, 2),
	(1, 'example.org/päge?x=1', '2026-10-27 19:00:00+00', 1, 1),
	(1, 'example.org/päge?x=1', '2026-10-29 08:00:00+00', 0, 2),
	(1, 'example.org/päge?x=1', '2026-10-29 08:00:00+00', 1, 2),
	(1, 'example.org/päge?x=1', '2026-10-29 08:00:00+00', 2, 1),
	(1, 'Example.com/about', '2026-10-22 01:00:00+00', 2, 3),
	(1, 'Example.com/about', '2026-10-23 14:00:00+00', 2, 2),
	(1, 'Example.com/about', '2026-10-25 03:00:00+00', 2, 1),
	(1, 'Example.com/about', '2026-10-26 16:00:00+00', 2, 5),
	(1, 'Example.com/about', '2026-10-28 05:00:00+00', 2, 4),
	(1, 'example.com/', '2026-10-21 20:00:00+00', 1, 4),
	(1, 'example.com/', '2026-10-23 09:00:00+00', 1, 3),
	(1, 'example.com/', '2026-10-24 22:00:00+00', 1, 2),
	(1, 'example.com/', '2026-10-26 11:00:00+00', 1, 1),
	(1, 'example.com/', '2026-10-28 00:00:00+00', 1, 5),
	(1, 'example.com/about', '2026-10-22 01:00:00+00', 0, 2),
	(1, 'example.com/about', '2026-10-23 14:00:00+00', 0, 1),
	(1, 'example.com/about', '2026-10-25 03:00:00+00', 0, 5),
	(1, 'example.com/about', '2026-10-26 16:00:00+00', 0, 4),
	(1, 'example.com/about', '2026-10-28 05:00:00+00', 0, 3);
INSERT INTO public.hourly_views_g1_2026_11 VALUES
	(1, 'example.org/päge?x=1', '2026-11-20 15:00:00+00', 0, 4),
	(1, 'example.org/päge?x=1', '2026-11-22 04:00:00+00', 0, 3),
	(1, 'example.org/päge?x=1', '2026-11-23 17:00:00+00', 0, 2),
	(1, 'example.org/päge?x=1', '2026-11-25 06:00:00+00', 0, 1),
	(1, 'example.org/päge?x=1', '2026-11-26 19:00:00+00', 0, 5),
	(1, 'example.org/päge?x=1', '2026-11-28 08:00:00+00', 0, 2),
	(1, 'example.org/päge?x=1', '2026-11-28 08:00:00+00', 1, 2),
	(1, 'example.com/', '2026-11-28 13:00:00+00', 1, 1),
	(1, 'example.com/', '2026-11-28 13:00:00+00', 2, 2),
	(1, 'example.com/about', '2026-11-28 18:00:00+00', 0, 1),
	(1, 'Example.com/about', '2026-11-21 01:00:00+00', 0, 2),
	(1, 'Example.com/about', '2026-11-22 14:00:00+00', 0, 1),
	(1, 'Example.com/about', '2026-11-24 03:00:00+00', 0, 5),
	(1, 'Example.com/about', '2026-11-25 16:00:00+00', 0, 4),
	(1, 'Example.com/about', '2026-11-27 05:00:00+00', 0, 3),
	(1, 'Example.com/about', '2026-11-28 18:00:00+00', 0, 2),
	(1, 'example.com/', '2026-11-20 20:00:00+00', 2, 3),
	(1, 'example.com/', '2026-11-22 09:00:00+00', 2, 2),
	(1, 'example.com/', '2026-11-23 22:00:00+00', 2, 1),
	(1, 'example.com/', '2026-11-25 11:00:00+00', 2, 5),
	(1, 'example.com/', '2026-11-27 00:00:00+00', 2, 4),
	(1, 'example.com/about', '2026-11-21 01:00:00+00', 0, 1),
	(1, 'example.com/about', '2026-11-22 14:00:00+00', 0, 5),
	(1, 'example.com/about', '2026-11-24 03:00:00+00', 0, 4),
	(1, 'example.com/about', '2026-11-25 16:00:00+00', 0, 3),
	(1, 'example.com/about', '2026-11-27 05:00:00+00', 0, 2);
INSERT INTO public.leases VALUES
	(0, NULL, 2, 0),
	(1, NULL, 2, 0),
	(2, NULL, 2, 0);
INSERT INTO public.producer_positions VALUES
	(1, 0, '08c001a802f5483baea5174e7b90286f', 15, 1795912685199),
	(1, 1, '08c001a802f5483baea5174e7b90286f', 17, 1795912685185),
	(1, 2, '08c001a802f5483baea5174e7b90286f', 34, 1795912685195),
	(1, 0, '4c737fd943dc469ba2c2807df46d5924', 5, 1795912698859),
	(1, 1, '4c737fd943dc469ba2c2807df46d5924', 3, 1795912698830),
	(1, 2, '4c737fd943dc469ba2c2807df46d5924', 6, 1795912698852);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (generation, partition);
ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (generation, partition, log_offset);
ALTER TABLE ONLY public.generations
    ADD CONSTRAINT generations_pkey PRIMARY KEY (generation);
ALTER TABLE ONLY public.hourly_views
    ADD CONSTRAINT hourly_views_pkey PRIMARY KEY (generation, page, view_hour, shard);
ALTER TABLE ONLY public.hourly_views_g1
    ADD CONSTRAINT hourly_views_g1_pkey PRIMARY KEY (generation, page, view_hour, shard);
ALTER TABLE ONLY public.hourly_views_g1_2026_07
    ADD CONSTRAINT hourly_views_g1_2026_07_pkey PRIMARY KEY (generation, page, view_hour, shard);
ALTER TABLE ONLY public.hourly_views_g1_2026_08
    ADD CONSTRAINT hourly_views_g1_2026_08_pkey PRIMARY KEY (generation, page, view_hour, shard);
ALTER TABLE ONLY public.hourly_views_g1_2026_09
    ADD CONSTRAINT hourly_views_g1_2026_09_pkey PRIMARY KEY (generation, page, view_hour, shard);
ALTER TABLE ONLY public.hourly_views_g1_2026_10
    ADD CONSTRAINT hourly_views_g1_2026_10_pkey PRIMARY KEY (generation, page, view_hour, shard);
ALTER TABLE ONLY public.hourly_views_g1_2026_11
    ADD CONSTRAINT hourly_views_g1_2026_11_pkey PRIMARY KEY (generation, page, view_hour, shard);
ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (partition);
ALTER TABLE ONLY public.producer_positions
    ADD CONSTRAINT producer_positions_pkey PRIMARY KEY (generation, partition, producer);
ALTER TABLE ONLY public.projectors
    ADD CONSTRAINT projectors_pkey PRIMARY KEY (owner);
CREATE UNIQUE INDEX one_live_generation ON public.generations USING btree (state) WHERE ((state)::text = 'live'::text);
ALTER INDEX public.hourly_views_g1_pkey ATTACH PARTITION public.hourly_views_g1_2026_07_pkey;
ALTER INDEX public.hourly_views_g1_pkey ATTACH PARTITION public.hourly_views_g1_2026_08_pkey;
ALTER INDEX public.hourly_views_g1_pkey ATTACH PARTITION public.hourly_views_g1_2026_09_pkey;
ALTER INDEX public.hourly_views_g1_pkey ATTACH PARTITION public.hourly_views_g1_2026_10_pkey;
ALTER INDEX public.hourly_views_g1_pkey ATTACH PARTITION public.hourly_views_g1_2026_11_pkey;
ALTER INDEX public.hourly_views_pkey ATTACH PARTITION public.hourly_views_g1_pkey;
