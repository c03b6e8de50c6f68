package dev.bellows.ps.transport;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;

/** Makes event loops in the one spelling that Netty 4.1 and 4.2 both run. */
final class EventLoops {

  private EventLoops() {}

  /** One daemon thread. */
  static EventLoopGroup single(String threadName) {
    return of(threadName, 1);
  }

  /** Some daemon threads. */
  @SuppressWarnings("deprecation") // its successor in 4.2 does not exist in the 4.1 of older Sparks
  static EventLoopGroup of(String threadName, int threads) {
    return new NioEventLoopGroup(threads, new DefaultThreadFactory(threadName, true));
  }
}
