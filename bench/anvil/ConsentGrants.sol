// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// The rows and the rule of Salus's consent grants: the signer becomes the controller of a new, active consent.
contract ConsentGrants {
    enum Status { None, Active, Revoked, Replaced }

    struct Consent {
        bytes32 commitment;
        address controller;
        uint64 expiresAtMs;
        Status status;
    }

    mapping(bytes16 => Consent) public consents;

    event Granted(bytes16 indexed id, bytes32 commitment, address controller, uint64 expiresAtMs);

    function grant(bytes16 id, bytes32 commitment, uint64 expiresAtMs) external {
        require(consents[id].status == Status.None, "consent-exists");
        require(expiresAtMs == 0 || expiresAtMs > block.timestamp * 1000, "expiry-past");
        consents[id] = Consent(commitment, msg.sender, expiresAtMs, Status.Active);
        emit Granted(id, commitment, msg.sender, expiresAtMs);
    }
}
