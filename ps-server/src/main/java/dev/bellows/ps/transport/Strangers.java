package dev.bellows.ps.transport;

import io.netty.channel.Channel;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Connections that have not proven the secret yet, oldest first, never more than a cap. When one
 * more arrives the oldest goes: an honest client needs a few milliseconds, whoever lingers does not
 * keep it out. Used by one event loop thread only.
 */
final class Strangers {

  private final int cap;
  private final Set<Channel> waiting = new LinkedHashSet<>();

  Strangers(int cap) {
    this.cap = cap;
  }

  /** Adds a connection; returns the one that must be closed for it, or null. */
  @Nullable Channel add(Channel arrived) {
    Channel oldest = null;
    if (waiting.size() >= cap) {
      Iterator<Channel> iterator = waiting.iterator();
      oldest = iterator.next();
      iterator.remove();
    }
    waiting.add(arrived);
    return oldest;
  }

  void remove(Channel channel) {
    waiting.remove(channel);
  }

  int size() {
    return waiting.size();
  }
}
