package dev.bellows.jobs.run;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** The name of this machine, for run.json and leases. */
final class HostName {
  private HostName() {}

  static String local() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }
}
