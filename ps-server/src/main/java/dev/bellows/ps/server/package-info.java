/** The shard server: a state machine without threads, sockets or a clock of its own. */
@NullMarked
package dev.bellows.ps.server;

import org.jspecify.annotations.NullMarked;
