package dev.bellows.ps.server;

import dev.bellows.ps.protocol.Message;
import java.util.Arrays;

/** Requests that are answered later; grows and is used again. */
final class Waiters {
  private long[] connections = new long[4];
  private long[] requests = new long[4];
  private int size;

  int size() {
    return size;
  }

  /** Adds a request unless the same one waits already (it was sent again); true when added. */
  boolean add(long connection, long request) {
    for (int i = 0; i < size; i++) {
      if (requests[i] == request && connections[i] == connection) {
        return false;
      }
    }
    if (size == requests.length) {
      connections = Arrays.copyOf(connections, 2 * size);
      requests = Arrays.copyOf(requests, 2 * size);
    }
    connections[size] = connection;
    requests[size++] = request;
    return true;
  }

  /** Gives all of them the same answer and forgets them; returns how many there were. */
  int answer(Message answer, Effects out) {
    int n = size;
    for (int i = 0; i < n; i++) {
      out.send(connections[i], requests[i], answer);
    }
    size = 0;
    return n;
  }

  /** Forgets the requests of a connection; returns how many. */
  int forget(long connection) {
    int kept = 0;
    for (int i = 0; i < size; i++) {
      if (connections[i] != connection) {
        connections[kept] = connections[i];
        requests[kept++] = requests[i];
      }
    }
    int gone = size - kept;
    size = kept;
    return gone;
  }
}
