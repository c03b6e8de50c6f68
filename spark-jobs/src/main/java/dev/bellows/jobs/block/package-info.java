/**
 * Prepared data: binary blocks of raw values with stable row keys, dealt into data shards and
 * cached by Spark.
 */
@NullMarked
package dev.bellows.jobs.block;

import org.jspecify.annotations.NullMarked;
