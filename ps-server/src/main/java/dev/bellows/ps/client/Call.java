package dev.bellows.ps.client;

import dev.bellows.ps.protocol.Message;
import org.jspecify.annotations.Nullable;

/**
 * One request and what became of it; used again by the next operation. Guarded by its {@link
 * Calls}.
 */
final class Call {
  final int index;
  int shard;
  @Nullable Message request;
  @Nullable Destination destination;
  int from;
  int length;
  long version;
  int attempts;
  long sentNanos;
  boolean mustSend;
  boolean done;
  @Nullable Message answer;
  Message.@Nullable Failure failure;

  Call(int index) {
    this.index = index;
  }

  void reset(int toShard, Message message) {
    shard = toShard;
    request = message;
    destination = null;
    attempts = 0;
    mustSend = true;
    done = false;
    answer = null;
    failure = null;
  }
}
