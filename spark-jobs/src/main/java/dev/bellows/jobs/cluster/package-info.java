/** Where shards live: the Spark plugin, the registry of executors, slots and placement. */
@NullMarked
package dev.bellows.jobs.cluster;

import org.jspecify.annotations.NullMarked;
