package dev.bellows.ps.transport;

import com.sun.management.ThreadMXBean;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Locale;

/**
 * Cost of encryption: sealing and opening of frames in one thread (MB/s and bytes allocated per
 * frame), and a step of two tasks over loopback, clear against sealed, side by side.
 */
public final class SealedFramesBench {
  private SealedFramesBench() {}

  /** Runs all; prints a table. */
  public static void main(String[] args) throws Exception {
    for (int bytes : new int[] {4 << 10, 64 << 10, 256 << 10, 1 << 20}) {
      frames(bytes, false);
      frames(bytes, true);
    }
    for (int length : new int[] {1 << 14, 1 << 20}) {
      for (int round = 0; round < 3; round++) {
        for (WireMode mode : WireMode.values()) {
          steps(length, mode);
        }
      }
    }
  }

  private static void frames(int bytes, boolean heap) throws BadRecordException {
    byte[] key = new byte[Hkdf.HASH_BYTES];
    RecordCipher seal = RecordCipher.sealing(key);
    RecordCipher open = RecordCipher.opening(key);
    ByteBuffer frame = buffer(bytes, heap);
    for (int i = 0; i < bytes; i++) {
      frame.put(i, (byte) (i * 31));
    }
    ByteBuffer record = buffer(bytes + RecordCipher.OVERHEAD_BYTES, heap);
    ByteBuffer opened = buffer(bytes, heap);
    int warm = (64 << 20) / bytes;
    long sealNanos = 0;
    long openNanos = 0;
    long allocated = 0;
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (int i = 0; i < 2 * warm; i++) {
      if (i == warm) {
        sealNanos = 0;
        openNanos = 0;
        allocated = threads.getCurrentThreadAllocatedBytes();
      }
      long start = System.nanoTime();
      seal.seal(frame.clear(), record.clear());
      long sealed = System.nanoTime();
      open.open(record.flip(), opened.clear());
      openNanos += System.nanoTime() - sealed;
      sealNanos += sealed - start;
    }
    allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
    if (!opened.flip().equals(frame.clear())) {
      throw new IllegalStateException("a frame came back changed");
    }
    System.out.printf(
        Locale.ROOT,
        "%7d bytes %-6s seal %6.0f MB/s  open %6.0f MB/s  %d bytes allocated per seal and open%n",
        bytes,
        heap ? "heap" : "direct",
        1e3 * bytes * warm / sealNanos,
        1e3 * bytes * warm / openNanos,
        allocated / warm);
  }

  private static ByteBuffer buffer(int bytes, boolean heap) {
    return heap ? ByteBuffer.allocate(bytes) : ByteBuffer.allocateDirect(bytes);
  }

  private static void steps(int length, WireMode mode) throws Exception {
    int steps = length > 1 << 16 ? 60 : 1500;
    Loopback work = new Loopback(length, 2, steps);
    Secret secret = Secret.of("bench");
    try (ShardHost host =
            ShardHost.start(
                HostOptions.of("127.0.0.1", 0, secret).withMode(mode),
                new ShardServer(ServerOptions.defaults(), System::nanoTime));
        NettyConnector connector =
            new NettyConnector(ConnectorOptions.of(secret, "run-1").withMode(mode))) {
      ShardAddress address = new ShardAddress("127.0.0.1", host.port());
      work.create(connector, address);
      long start = System.nanoTime();
      work.train(connector, address, 2, Duration.ofSeconds(30));
      System.out.printf(
          Locale.ROOT,
          "%8d parameters  2 tasks  %-12s %.3f ms per step, gradients included%n",
          length,
          mode,
          (System.nanoTime() - start) / 1e6 / steps);
    }
  }
}
