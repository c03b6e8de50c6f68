package dev.bellows.ps.bench;

import com.sun.management.ThreadMXBean;
import dev.bellows.ps.client.ClientOptions;
import dev.bellows.ps.client.Connector;
import dev.bellows.ps.client.PsClient;
import dev.bellows.ps.client.ShardAddress;
import dev.bellows.ps.codec.Compression;
import dev.bellows.ps.server.ServerOptions;
import dev.bellows.ps.server.ShardServer;
import dev.bellows.ps.shard.ShardMap;
import dev.bellows.ps.shard.TreeSum;
import dev.bellows.ps.transport.ConnectorOptions;
import dev.bellows.ps.transport.HostOptions;
import dev.bellows.ps.transport.NettyConnector;
import dev.bellows.ps.transport.Secret;
import dev.bellows.ps.transport.ShardHost;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * An executor process of {@link PeerBench}: does what it reads line by line and answers each line
 * with one.
 *
 * <pre>
 *   host                                    starts a shard server, answers its port
 *   bare  NAME PORT BYTES                   connects to a {@link BarePing.Server}
 *   task  NAME LENGTH CODEC CLIENT PORT...  joins the run NAME as owner of slice CLIENT, with the
 *                                           shards at these ports
 *   steps NAME N                            N steps; answers "ms-per-step allocated-bytes hash"
 *   heap                                    answers the bytes in use after a full collection, and
 *                                           how many collections there were before it
 * </pre>
 */
public final class PeerWorker {
  static final String SECRET = "bench-secret-that-is-no-secret";

  /** Tasks of a run, one slice each. */
  static final int CLIENTS = 2;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Connector connector =
      new NettyConnector(ConnectorOptions.of(Secret.of(SECRET), "bench"));
  private final Map<String, Contender> contenders = new HashMap<>();
  private ShardHost host;

  private PeerWorker() {}

  /** Works until its input ends. */
  public static void main(String[] args) throws Exception {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PeerWorker worker = new PeerWorker();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      System.out.println(worker.answer(line.split(" ")));
    }
    System.exit(0);
  }

  private String answer(String[] words) throws Exception {
    switch (words[0]) {
      case "host":
        host = host();
        return Integer.toString(host.port());
      case "bare":
        BarePing.Client bare =
            new BarePing.Client(Integer.parseInt(words[2]), Integer.parseInt(words[3]));
        contenders.put(words[1], steps -> bareSteps(bare, steps));
        return "connected";
      case "task":
        contenders.put(words[1], task(words));
        return "joined";
      case "heap":
        return heap();
      default:
        Contender contender = contenders.get(words[1]);
        int steps = Integer.parseInt(words[2]);
        long allocated = allocatedBytes();
        long start = System.nanoTime();
        int hash = contender.run(steps);
        double ms = (System.nanoTime() - start) / 1e6 / steps;
        return ms + " " + (allocatedBytes() - allocated) + " " + hash;
    }
  }

  /** Runs some steps; returns a hash of what it ends with. */
  private interface Contender {
    int run(int steps) throws InterruptedException;
  }

  private static int bareSteps(BarePing.Client client, int steps) throws InterruptedException {
    client.run(steps);
    return 0;
  }

  private Contender task(String[] words) {
    int length = Integer.parseInt(words[2]);
    Compression compression = compression(words[3]);
    int slice = Integer.parseInt(words[4]);
    List<ShardAddress> shards = new ArrayList<>();
    for (int i = 5; i < words.length; i++) {
      shards.add(new ShardAddress("127.0.0.1", Integer.parseInt(words[i])));
    }
    ClientOptions options =
        ClientOptions.of(words[1], 1, ShardMap.of(length, shards.size()), shards)
            .task(slice + 1, "client " + slice, slice, slice + 1)
            .coded(compression, CLIENTS);
    float[] gradient = new float[length];
    for (int i = 0; i < length; i++) {
      gradient[i] = ((i * 31 + slice * 17) % 2001 - 1000) * 1e-4f;
    }
    double[] scalars = {1, 0.5, 0.25, 1};
    float[] parameters = new float[length];
    TreeSum sums = new TreeSum(CLIENTS, length);
    sums.add(slice, gradient, scalars, true);
    PsClient client = PsClient.open(options, connector);
    client.pull(parameters);
    if (!compression.isNone()) {
      client.loadResiduals(slice, slice + 1, unit -> null);
    }
    return steps -> {
      for (int step = 0; step < steps; step++) {
        client.pushPull(sums, parameters);
      }
      return Arrays.hashCode(parameters);
    };
  }

  /** Every slice a unit. */
  static Compression compression(String kind) {
    return kind.equals("NONE")
        ? Compression.NONE
        : Compression.of(Compression.Kind.valueOf(kind), CLIENTS);
  }

  private static String heap() {
    long collections = 0;
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      collections += collector.getCollectionCount();
    }
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() + " " + collections;
  }

  /** A shard server in this process. */
  static ShardHost host() throws IOException {
    try {
      return ShardHost.start(
          HostOptions.of("127.0.0.1", 0, Secret.of(SECRET)),
          new ShardServer(ServerOptions.defaults(), System::nanoTime));
    } catch (dev.bellows.ps.transport.ShardHostException e) {
      throw new IOException(e);
    }
  }

  /** Bytes that the threads of this process have allocated so far. */
  static long allocatedBytes() {
    long sum = 0;
    for (long bytes : THREADS.getThreadAllocatedBytes(THREADS.getAllThreadIds())) {
      sum += Math.max(0, bytes);
    }
    return sum;
  }
}
