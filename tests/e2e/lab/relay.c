/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The lab's wire: two TUN devices, lab0 in the network namespace it was started in, client0 in a
 * new one it makes and stays in; each packet crosses after a fixed delay. For kernels without
 * sch_netem. Loses a packet only when the ring of a direction is full. Prints its process number
 * (as /proc shows it) when both devices are there. The addresses are given by whoever started it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX 2048
#define RING_SIZE 16384 /* packets on the way in one direction; a power of two */

struct packet {
    int64_t due_us;
    ssize_t len;
    unsigned char bytes[PACKET_MAX];
};

/* One direction: what was read from one device and is due at the other. */
struct lane {
    int from, to;
    uint32_t head, tail; /* head: next to write out; both only grow */
    struct packet *ring;
};

static int64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int tun_open(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0) {
        perror("/dev/net/tun");
        exit(1);
    }
    strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
    if (ioctl(fd, TUNSETIFF, &request) < 0) {
        perror(name);
        exit(1);
    }
    return fd;
}

/* Reads all that is there. A full ring leaves it in the device's own queue. */
static void lane_fill(struct lane *lane, int64_t delay_us)
{
    while (lane->tail - lane->head < RING_SIZE) {
        struct packet *packet = &lane->ring[lane->tail % RING_SIZE];

        packet->len = read(lane->from, packet->bytes, sizeof(packet->bytes));
        if (packet->len <= 0) {
            return;
        }
        packet->due_us = now_us() + delay_us;
        lane->tail++;
    }
}

/* Writes what is due; returns when the next packet is, or INT64_MAX. */
static int64_t lane_drain(struct lane *lane)
{
    while (lane->head != lane->tail) {
        struct packet *packet = &lane->ring[lane->head % RING_SIZE];

        if (packet->due_us > now_us()) {
            return packet->due_us;
        }
        /* A device that is down or full loses the packet, as a wire would. */
        if (write(lane->to, packet->bytes, (size_t)packet->len) < 0 && errno == EINTR) {
            continue;
        }
        lane->head++;
    }
    return INT64_MAX;
}

static void lanes_run(struct lane *lanes, int64_t delay_us)
{
    for (;;) {
        struct pollfd fds[2] = {{.fd = lanes[0].from, .events = POLLIN},
                                {.fd = lanes[1].from, .events = POLLIN}};
        int64_t next_us = INT64_MAX;
        struct timespec wait = {.tv_sec = 3600};

        for (int i = 0; i < 2; i++) {
            int64_t due_us = lane_drain(&lanes[i]);

            next_us = due_us < next_us ? due_us : next_us;
            if (lanes[i].tail - lanes[i].head == RING_SIZE) {
                fds[i].events = 0;
            }
        }
        if (next_us != INT64_MAX) {
            int64_t left_us = next_us - now_us();

            left_us = left_us < 0 ? 0 : left_us;
            wait.tv_sec = left_us / 1000000;
            wait.tv_nsec = left_us % 1000000 * 1000;
        }
        if (ppoll(fds, 2, &wait, NULL) < 0 && errno != EINTR) {
            perror("ppoll");
            exit(1);
        }
        lane_fill(&lanes[0], delay_us);
        lane_fill(&lanes[1], delay_us);
    }
}

int main(int argc, char **argv)
{
    struct lane lanes[2] = {0};
    char self[32] = "";

    if (argc != 2) {
        fprintf(stderr, "usage: relay DELAY_US\n");
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_TIMERSLACK, 1000UL);
    int lab = tun_open("lab0");
    if (unshare(CLONE_NEWNET) < 0) {
        perror("unshare");
        return 1;
    }
    int client = tun_open("client0");

    lanes[0] = (struct lane){.from = lab, .to = client};
    lanes[1] = (struct lane){.from = client, .to = lab};
    for (int i = 0; i < 2; i++) {
        lanes[i].ring = calloc(RING_SIZE, sizeof(*lanes[i].ring));
        if (!lanes[i].ring) {
            perror("calloc");
            return 1;
        }
    }
    if (readlink("/proc/self", self, sizeof(self) - 1) < 0) {
        perror("/proc/self");
        return 1;
    }
    puts(self);
    fflush(stdout);
    lanes_run(lanes, strtoll(argv[1], NULL, 10));
    return 0;
}
