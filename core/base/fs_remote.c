/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Which file systems are another host's. The kernel names them by a number (statfs(2), and
 * linux/magic.h for most); what is behind FUSE only its mount says. Cluster file systems (OCFS2,
 * GFS2) are none: their locks hold on all hosts.
 */
#include "base/fs.h"

#include "base/cleanup.h"
#include "base/fs_impl.h"
#include "base/mem.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

/* Not in linux/magic.h: their modules are not in the kernel's own tree. */
#define LUSTRE_MAGIC 0x0BD00BD0
#define GPFS_MAGIC 0x47504653
#define BEEGFS_MAGIC 0x19830326
/* In newer ones only. */
#define SMB2_MAGIC 0xFE534D42
#define CIFS_MAGIC 0xFF534D42

static const struct {
    uint32_t magic;
    const char *name;
} REMOTE[] = {
    {NFS_SUPER_MAGIC, "NFS"},   {SMB_SUPER_MAGIC, "SMB"}, {SMB2_MAGIC, "SMB"},
    {CIFS_MAGIC, "CIFS"},       {AFS_SUPER_MAGIC, "AFS"}, {AFS_FS_MAGIC, "AFS"},
    {CODA_SUPER_MAGIC, "Coda"}, {NCP_SUPER_MAGIC, "NCP"}, {V9FS_MAGIC, "9P"},
    {CEPH_SUPER_MAGIC, "Ceph"}, {LUSTRE_MAGIC, "Lustre"}, {GPFS_MAGIC, "GPFS"},
    {BEEGFS_MAGIC, "BeeGFS"},
};

bool fs_mount_is_remote(const char *type)
{
    static const char *const PROGRAMS[] = {
        "fuse.sshfs",     "fuse.s3fs",    "fuse.rclone",   "fuse.glusterfs", "fuse.ceph",
        "fuse.ceph-fuse", "fuse.davfs",   "fuse.davfs2",   "fuse.curlftpfs", "fuse.gcsfuse",
        "fuse.goofys",    "fuse.juicefs", "fuse.blobfuse", "fuse.blobfuse2", "fuse.mfs",
    };

    for (size_t i = 0; i < ARRAY_LEN(PROGRAMS); i++) {
        if (strcmp(type, PROGRAMS[i]) == 0) {
            return true;
        }
    }
    return false;
}

char *fs_mount_parse(const char *line, unsigned major_number, unsigned minor_number)
{
    const char *separator = strstr(line, " - ");
    unsigned found_major = 0;
    unsigned found_minor = 0;

    if (separator == NULL || sscanf(line, "%*u %*u %u:%u ", &found_major, &found_minor) != 2 ||
        found_major != major_number || found_minor != minor_number) {
        return NULL;
    }
    separator += strlen(" - ");
    return str_dup_len(separator, strcspn(separator, " \n"));
}

/* The type of the mount that path lies on, "fuse.sshfs", to mem_free; NULL when it is not known. */
static char *find_mount_type(const char *path)
{
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    char *type = NULL;
    char *line = NULL;
    size_t cap = 0;
    struct stat st;

    if (mounts == NULL || stat(path, &st) < 0) {
        if (mounts != NULL) {
            (void)fclose(mounts);
        }
        return NULL;
    }
    while (type == NULL && getline(&line, &cap, mounts) > 0) {
        type = fs_mount_parse(line, major(st.st_dev), minor(st.st_dev));
    }
    free(line);
    (void)fclose(mounts);
    return type;
}

static char *name_remote(const char *path)
{
    struct statfs fs;
    AUTO_FREE char *type = NULL;

    if (statfs(path, &fs) < 0) {
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(REMOTE); i++) {
        if ((uint32_t)fs.f_type == REMOTE[i].magic) {
            return str_dup(REMOTE[i].name);
        }
    }
    if ((uint32_t)fs.f_type != FUSE_SUPER_MAGIC) {
        return NULL;
    }
    type = find_mount_type(path);
    return type != NULL && fs_mount_is_remote(type) ? TAKE(type) : NULL;
}

char *fs_find_remote(const char *path)
{
    AUTO_FREE char *at = str_dup(path);
    char *slash = NULL;

    while (!fs_exists(at) && (slash = strrchr(at, '/')) != NULL && slash != at) {
        *slash = '\0';
    }
    return name_remote(at);
}
